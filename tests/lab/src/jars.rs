//! Cassandra's jars: from Maven once, then from the cache, checked at each use.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Error, Result,
    paths::{self, cache, make_dir},
    process::{output, run},
    progress::say,
    version::Version,
};

const POM: &str = include_str!("conf/pom.xml");
const LAUNCHER: &str = include_str!("java/LabNodeTool.java");
const SUMS: &str = "SHA256SUMS";

/// The folder with `lib/` (the jars) and `tools/` of a version.
pub(crate) fn ensure(version: &Version) -> Result<PathBuf> {
    let dir = cache().join("jars").join(version.name);
    make_dir(cache().join("jars"))?;
    let lock_path = cache().join("jars/.lock");
    let lock = File::create(&lock_path).map_err(Error::file("making", &lock_path))?;
    lock.lock().map_err(Error::file("locking", &lock_path))?;
    if dir.exists() {
        if intact(&dir)? {
            return Ok(dir);
        }
        say(format!("the jars in {} are damaged: fetching them again", dir.display()));
        paths::remove_dir(&dir)?;
    }
    fetch(version, &dir)?;
    Ok(dir)
}

/// Whether the files are those that were fetched.
fn intact(dir: &Path) -> Result<bool> {
    let mut check = Command::new("sha256sum");
    check.current_dir(dir).args(["--check", "--quiet", "--strict", SUMS]);
    Ok(output("checking the jars", &mut check, b"")?.status.success())
}

fn fetch(version: &Version, dir: &Path) -> Result<()> {
    say(format!("fetching the jars of Cassandra {} with Maven (10-30 s, once)", version.name));
    let work = dir.with_file_name(format!(".{}", version.name));
    paths::remove_dir(&work)?;
    let lib = work.join("lib");
    make_dir(&lib)?;
    make_dir(work.join("tools"))?;
    paths::write(work.join("pom.xml"), pom(version), 0o644)?;
    let mut maven = Command::new("mvn");
    maven
        .current_dir(&work)
        .args(["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", lib.display()));
    run("fetching the jars", &mut maven)?;

    // Named as in a release, where tools look for the version.
    let (from, to) = (
        lib.join(format!("cassandra-all-{}.jar", version.name)),
        lib.join(format!("apache-cassandra-{}.jar", version.name)),
    );
    fs::rename(&from, &to).map_err(Error::file("renaming", from))?;

    let source = work.join("tools/LabNodeTool.java");
    paths::write(&source, LAUNCHER, 0o644)?;
    run("compiling the nodetool launcher", Command::new("javac").arg("-d").arg(work.join("tools")).arg(&source))?;
    let mut sums = Command::new("sh");
    sums.current_dir(&work).args(["-c", "sha256sum lib/* tools/*"]);
    paths::write(work.join(SUMS), run("summing the jars", &mut sums)?, 0o644)?;
    fs::rename(&work, dir).map_err(Error::file("renaming to its place", dir))
}

fn pom(version: &Version) -> String {
    let dependencies: String = version.artifacts.iter().map(|name| dependency(name)).collect();
    POM.replace("@DEPENDENCIES@", dependencies.trim_end())
}

fn dependency(name: &str) -> String {
    let mut parts = name.split(':');
    let mut part = || parts.next().unwrap_or_default();
    format!(
        "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>\n",
        part(),
        part(),
        part()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pom_names_every_artifact() {
        let pom = pom(crate::version::find("2.2.19").unwrap());
        assert!(pom.contains("<groupId>io.airlift</groupId><artifactId>airline</artifactId><version>0.6</version>"));
        assert!(!pom.contains('@'), "{pom}");
        assert_eq!(pom.matches("<dependency>").count(), 3);
    }
}
