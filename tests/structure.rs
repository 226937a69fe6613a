//! Rules about the tree itself.
use std::fs;
use std::path::{Path, PathBuf};

fn sources(dir: &str) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "sh") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn the_pure_modules_name_neither_tokio_nor_openssh() {
    for module in ["plan", "guard", "step", "event", "playbook", "cassandra"] {
        for (path, text) in sources(&format!("src/{module}")) {
            for word in ["tokio", "openssh", "std::fs", "std::process"] {
                let own_tests =
                    path.ends_with("tests.rs") || text.split("#[cfg(test)]").next().is_some_and(|t| !t.contains(word));
                assert!(own_tests, "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn only_one_module_names_the_yaml_crate_and_only_one_openssh() {
    for (path, text) in sources("src") {
        let at = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
        if !at.starts_with("src/yaml") {
            assert!(!text.contains("serde_yaml::"), "{at}");
        }
        if !at.starts_with("src/remote") {
            assert!(!text.contains("openssh::"), "{at}");
        }
    }
}

#[test]
fn no_file_is_larger_than_the_ceiling() {
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        assert!(text.lines().count() <= 600, "{} has {} lines", path.display(), text.lines().count());
    }
}

/// What docs/traps.md calls a test is one: names in backticks that read as sentences, some with their module.
#[test]
fn every_test_that_the_table_of_traps_names_exists() {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/traps.md")).unwrap();
    let code: Vec<(PathBuf, String)> = sources("src").into_iter().chain(sources("tests")).collect();
    let rows = table.lines().filter(|line| line.starts_with('|'));
    let words = rows.flat_map(|line| line.split('`').skip(1).step_by(2));
    let named: Vec<&str> = words.filter(|word| word.contains("::") || word.matches('_').count() > 1).collect();
    assert!(named.len() > 70, "{} tests are named", named.len());
    let exists = |name: &&&str| {
        let (module, test) = name.rsplit_once("::").unwrap_or(("", name));
        code.iter().any(|(path, text)| {
            let own = module.is_empty() || path.file_stem().is_some_and(|stem| stem == module);
            own && [format!("fn {test}("), format!("fn {test}<"), format!(" {test} => ")]
                .iter()
                .any(|declared| text.contains(declared))
        })
    };
    let missing: Vec<&&str> = named.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "docs/traps.md names what is no test: {missing:?}");
}
