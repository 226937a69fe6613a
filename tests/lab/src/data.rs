//! Data directories that are no plain directories: symbolic links, or mounts.

use crate::{
    Host, Options, Result,
    conf::{self, HOME},
    options::Data,
};

/// Makes the data directories of nodes that do not run what the options want them to be. What is
/// in them comes along.
pub(crate) fn arrange(options: &Options, nodes: &[&Host]) -> Result<()> {
    // a mount also at the next boot, see host-init.sh
    let mount = "mv \"$live\" \"$store\" && install -d -o cassandra -g cassandra \"$live\" &&
        mount --bind \"$store\" \"$live\" && echo \"$store $live\" >>/lab/mounts";
    let link = "mv \"$live\" \"$store\" && ln -s \"$store\" \"$live\"";
    for (index, node) in nodes.iter().enumerate() {
        let what = match options.data {
            Data::Plain => return Ok(()),
            Data::Symlink => link,
            Data::Mount => mount,
            Data::Mixed => [mount, link][index % 2],
        };
        for root in conf::data_roots(options) {
            let script = format!("mkdir -p /opt/store\nlive={HOME}/{root}/data store=/opt/store/{root}\n{what}");
            node.must("arranging data directories", &script)?;
        }
    }
    Ok(())
}
