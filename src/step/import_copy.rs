//! `import.copy`: what the written scripts left of a keyspace is copied, under a partial name.
//!
//! Copied, never linked: Cassandra appends to some components, and theirs must stay as it is.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, count, never};
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "import.copy",
    help: "Copies the files of <snapshot>/<table>/ to ROOT/.partial-TAG, keeps the hash of every source file, and \
           compares each Data.db with Cassandra's own digest of it (with python3, perl or gzip, whichever is there). \
           Changes nothing of the source. May run again: it starts anew.",
    on: Kind::Node,
    scripts: &[(
        "import.copy.act",
        concat!(
            include_str!("../backup/digest.sh"),
            include_str!("../backup/copy.sh"),
            include_str!("import_copy.act.sh")
        ),
    )],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    context.node(SPEC.name, target)?;
    let keyspace = target.keyspace(SPEC.name)?;
    let unresolved = |why| target.unresolved(SPEC.name, why);
    let written = context.facts.written.as_ref().ok_or_else(|| unresolved("nothing was looked at to be imported"))?;
    let taken_at = written.taken_at().ok_or_else(|| unresolved("it holds no file"))?;
    let act = context
        .copying(context.backup_vars(Script::new("import.copy.act")))
        .var("SOURCE", &written.dir)
        .var("KEYSPACE", keyspace)
        .var("TAKEN_AT", taken_at)
        .list("TABLES", &written.tables)
        .list("FILES", written.files.iter().map(|(path, file)| format!("{}\t{path}", file.size)))
        .list("DIGESTS", written.digests().iter().map(|(of, data, digest)| format!("{of}\t{data}\t{digest}")));
    Ok(vec![ResolvedStep {
        summary: format!(
            "copy {} of {keyspace}, {}, from {} to {}",
            count(written.tables.len(), "table"),
            bytes(written.bytes()),
            written.dir,
            context.partial()
        ),
        act: Some(act),
        idempotent: true,
        limit_s: 0,
        ..target.step(SPEC.name)
    }])
}
