//! The limit on what a node sends is lifted and comes back exactly, in what words nodetool has for it.

use std::fs;

use reseed::script::Script;

use super::tree::Tree;

/// A nodetool that keeps a rate in megabits, as Cassandra does: from 4.1 on (`modern`) it fails without an option
/// where that is no whole number.
fn nodetool(file: &str, modern: bool) -> String {
    let plain = if modern { "case $rate in *.*) exit 2 ;; esac; say \"$rate\" Mb/s" } else { "say \"$rate\" Mb/s" };
    format!(
        "#!/bin/sh
        rate=$(cat '{file}')
        say() {{ case $1 in 0 | 0.0) [ {modern} = false ] || set -- unlimited '' ;; esac; echo \"Current stream throughput: $1 $2\"; }}
        mib() {{ awk -v r=\"$rate\" 'BEGIN {{ m = r / 8.388608; s = sprintf(\"%.9g\", m); print s ~ /[.]/ ? s : s \".0\" }}'; }}
        case \"$*\" in
          'getstreamthroughput -m') say \"$(mib)\" MiB/s ;;
          'getstreamthroughput -d') case $rate in *.*) say \"$rate\" Mb/s ;; *) say \"$rate.0\" Mb/s ;; esac ;;
          getstreamthroughput) {plain} ;;
          'setstreamthroughput -m '*) awk -v m=\"$3\" 'BEGIN {{ printf \"%.9g\", m * 8.388608 }}' >'{file}' ;;
          'setstreamthroughput '*) printf %s \"$2\" >'{file}' ;;
          *) exit 1 ;;
        esac\n"
    )
}

pub async fn rate(tree: &mut Tree) {
    let (file, place) = (tree.root.join("rate"), tree.root.join("c/.reseed"));
    let kept = place.join("r1/stream-rate");
    let now = || fs::read_to_string(&file).unwrap();
    let of = |name: &str, units: &str| {
        let script = Script::new(name).var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "").var("RUN_AS", "");
        script.var("PLACE", place.display()).var("UNITS", units)
    };
    for (rate, units, note, told) in [
        ("200", "mbit", "mbit 200", "200 Mb/s"),
        ("0", "mbit", "mbit 0", "none"),
        ("201.326592", "-m -d", "-m 24", "24 MiB/s"),
        ("200", "-m -d", "-d 200", "200 Mb/s"),
        ("0", "-m -d", "-m 0", "none"),
        ("0.8192", "-m -d", "- it is no whole number, and could not be set again", ""),
    ] {
        let _ = fs::remove_dir_all(&place);
        fs::write(&file, rate).unwrap();
        tree.tool("nodetool", &nodetool(&file.display().to_string(), units != "mbit"));
        let script = |name: &str| of(name, units);
        for script in [script("streams.throttle.probe"), script("streams.unthrottle.proof")] {
            assert!(tree.ok(&script).await.contains(": the rate of before is not noted"));
        }
        // the second one must not take ours for the rate of before
        for _ in 0..2 {
            tree.ok(&script("streams.unthrottle.act")).await;
            assert_eq!(fs::read_to_string(&kept).unwrap().trim_end(), note, "{rate}");
        }
        let said = tree.ok(&script("streams.unthrottle.proof")).await;
        if told.is_empty() {
            assert!(said.starts_with("the limit stays: it is no whole number"), "{said}");
            assert_eq!(now(), rate);
            let said = tree.ok(&script("streams.throttle.probe")).await;
            assert!(said.starts_with("the limit was not lifted: it is no whole number"), "{said}");
            continue;
        }
        assert_eq!((said, now()), (format!("no limit; before: {told}\n"), "0".to_owned()));
        if rate == "0" {
            assert_eq!(tree.ok(&script("streams.throttle.probe")).await, "there was no limit before\n");
            continue;
        }
        tree.fails(&script("streams.throttle.probe"), "the limit was lifted").await;
        tree.fails(&script("streams.throttle.proof"), &format!("the limit on streams is none, and was {told}")).await;
        for _ in 0..2 {
            tree.ok(&script("streams.throttle.act")).await;
            assert_eq!(now(), rate);
        }
        assert_eq!(tree.ok(&script("streams.throttle.proof")).await, format!("{told} again\n"));
    }
    let script = |name: &str| of(name, "-m -d");
    // what nodetool does not tell stays
    let _ = fs::remove_dir_all(&place);
    tree.tool("nodetool", "#!/bin/sh\nexit 1\n");
    tree.ok(&script("streams.unthrottle.act")).await;
    let said = tree.ok(&script("streams.unthrottle.proof")).await;
    assert_eq!(said, "the limit stays: nodetool does not tell it\n");
    // so does what cannot be noted
    fs::remove_dir_all(&place).unwrap();
    fs::write(&place, "in the way").unwrap();
    let reads = "#!/bin/sh\ncase $1 in get*) echo 'WARN x'; echo 'Current stream throughput: 24.0 MiB/s' ;; *) exit 1 ;; esac\n";
    tree.tool("nodetool", reads);
    tree.ok(&script("streams.unthrottle.act")).await;
    assert!(tree.ok(&script("streams.unthrottle.proof")).await.contains("is not noted"));
    // and what nodetool may not set; later it may not either, and the rate is right
    fs::remove_file(&place).unwrap();
    tree.ok(&script("streams.unthrottle.act")).await;
    let said = tree.ok(&script("streams.unthrottle.proof")).await;
    assert_eq!(said, "nodetool did not lift the limit: 24 MiB/s\n");
    tree.ok(&script("streams.throttle.act")).await;
    assert_eq!(tree.ok(&script("streams.throttle.proof")).await, "24 MiB/s again\n");
    // noted, and then nodetool does not tell whether it is set again
    tree.tool("nodetool", "#!/bin/sh\nexit 1\n");
    tree.fails(&script("streams.throttle.proof"), "the limit on streams is not told by nodetool").await;
}
