//! Defaults at the top, overrides in a host: merged key by key, nested maps too; lists replace;
//! `null` in an override means the built-in default.
//!
//! [`Layers`] remembers for each key at which level it was written, so that a message points at
//! the line that is wrong and not at the node that inherited it.

use super::super::raw::{Key, RawCassandra, RawCqlsh, RawNodetool, RawSsh};
use super::super::{Become, Cassandra, Cqlsh, Nodetool, PasswordSource, Ssh};
use super::check::{Check, join};

/// An override over a default, with their places in the file.
struct Layers<'a, T> {
    own: Option<&'a T>,
    own_at: String,
    base: Option<&'a T>,
    base_at: String,
}

impl<'a, T> Layers<'a, T> {
    /// The section `name` of the host at `place`, over the section of that name at the top.
    fn of(place: &str, name: &str, own: &'a Key<T>, base: &'a Key<T>) -> Self {
        let hidden = matches!(own, Key::Null);
        Self {
            own: own.get(),
            own_at: join(place, name),
            base: base.get().filter(|_| !hidden),
            base_at: name.to_owned(),
        }
    }

    /// The value of one key, with its place.
    fn pick<V>(&self, key: &str, get: impl Fn(&'a T) -> &'a Key<V>) -> Option<(String, &'a V)> {
        match self.own.map(&get) {
            Some(Key::Set(value)) => Some((join(&self.own_at, key), value)),
            Some(Key::Null) => None,
            Some(Key::Absent) | None => Some((join(&self.base_at, key), self.base.map(&get)?.get()?)),
        }
    }

    /// A nested map of both layers.
    fn nested<V>(&self, key: &str, get: impl Fn(&'a T) -> &'a Key<V>) -> Layers<'a, V> {
        let own = self.own.map(&get);
        let hidden = matches!(own, Some(Key::Null));
        Layers {
            own: own.and_then(Key::get),
            own_at: join(&self.own_at, key),
            base: self.base.map(&get).and_then(Key::get).filter(|_| !hidden),
            base_at: join(&self.base_at, key),
        }
    }
}

/// `ssh` of the host at `place`, over the defaults.
pub fn ssh(place: &str, own: &Key<RawSsh>, base: &Key<RawSsh>, check: &mut Check) -> Option<Ssh> {
    let layers = Layers::of(place, "ssh", own, base);
    let user = optional(layers.pick("user", |s| &s.user), |at, v| check.user(at, v));
    let port = optional(layers.pick("port", |s| &s.port), |at, v| check.port(at, *v));
    let config = optional(layers.pick("config", |s| &s.config), |at, v| check.local_path(at, v));
    let key = optional(layers.pick("identity_file", |s| &s.identity_file), |at, v| check.local_path(at, v));
    let switch = become_of(&layers, check);
    Some(Ssh { user: user?, port: port?, config: config?, identity_file: key?, r#become: switch? })
}

fn become_of(layers: &Layers<RawSsh>, check: &mut Check) -> Option<Become> {
    let to = optional(layers.pick("become_user", |s| &s.become_user), |at, v| check.user(at, v));
    let Some((at, how)) = layers.pick("become", |s| &s.r#become) else { return no_switch(layers, check) };
    match how.as_str() {
        "none" => no_switch(layers, check),
        "sudo" => Some(Become::Sudo(to?.unwrap_or_else(|| "root".to_owned()))),
        other => {
            check.problem(&at, format!("{at}: {other:?} is not known; write `none` or `sudo`"));
            None
        }
    }
}

/// Without a switch a `become_user` of the host's own is a misunderstanding. An inherited one is
/// not: the host says that it is different.
fn no_switch(layers: &Layers<RawSsh>, check: &mut Check) -> Option<Become> {
    if layers.own.is_some_and(|ssh| ssh.become_user.get().is_some()) {
        let at = join(&layers.own_at, "become_user");
        check.problem(&at, format!("{at} does nothing without `become: sudo`; add that or remove it"));
        return None;
    }
    Some(Become::None)
}

/// `cassandra` of the node at `place`, over the defaults.
pub fn cassandra(
    place: &str,
    own: &Key<RawCassandra>,
    base: &Key<RawCassandra>,
    check: &mut Check,
) -> Option<Cassandra> {
    let layers = Layers::of(place, "cassandra", own, base);
    let home = optional(layers.pick("home", |c| &c.home), |at, v| check.path(at, v));
    let conf = optional(layers.pick("conf", |c| &c.conf), |at, v| check.path(at, v));
    let start = optional(layers.pick("start", |c| &c.start), |at, v| check.command(at, v));
    let stop = optional(layers.pick("stop", |c| &c.stop), |at, v| check.command(at, v));
    let run_as = optional(layers.pick("run_as", |c| &c.run_as), |at, v| check.user(at, v));
    let nodetool = nodetool(&layers.nested("nodetool", |c| &c.nodetool), check);
    let cqlsh = cqlsh(&layers.nested("cqlsh", |c| &c.cqlsh), check);
    let home = home?.unwrap_or_else(|| "/opt/cassandra".to_owned());
    Some(Cassandra {
        conf: conf?.unwrap_or_else(|| format!("{home}/conf")),
        home,
        start: start?.unwrap_or_else(|| "service cassandra start".to_owned()),
        stop: stop?.unwrap_or_else(|| "service cassandra stop".to_owned()),
        run_as: run_as?,
        nodetool: nodetool?,
        cqlsh: cqlsh?,
    })
}

fn nodetool(layers: &Layers<RawNodetool>, check: &mut Check) -> Option<Nodetool> {
    let command = optional(layers.pick("command", |n| &n.command), |at, v| check.program(at, v));
    let args = optional(layers.pick("args", |n| &n.args), |at, v| arguments(at, v, &["-pw", "--password"], check));
    let user = layers.pick("username", |n| &n.username);
    let file = layers.pick("password_file", |n| &n.password_file);
    let cure = "`password_file`, a file on the node with the line `USER PASSWORD`";
    let paired = both(user.as_ref().map(at), file.as_ref().map(at), cure, check);
    let username = optional(user, |at, v| check.word(at, v));
    let password_file = optional(file, |at, v| check.path(at, v));
    paired?;
    Some(Nodetool {
        command: command?.unwrap_or_else(|| "nodetool".to_owned()),
        args: args?.unwrap_or_default(),
        username: username?,
        password_file: password_file?,
    })
}

fn cqlsh(layers: &Layers<RawCqlsh>, check: &mut Check) -> Option<Cqlsh> {
    let command = optional(layers.pick("command", |c| &c.command), |at, v| check.program(at, v));
    let args = optional(layers.pick("args", |c| &c.args), |at, v| arguments(at, v, &["-p", "--password"], check));
    let host = optional(layers.pick("host", |c| &c.host), |at, v| check.host(at, v));
    let port = optional(layers.pick("port", |c| &c.port), |at, v| check.port(at, *v));
    let username = optional(layers.pick("username", |c| &c.username), |at, v| check.word(at, v));
    let password = password(layers, check);
    Some(Cqlsh {
        command: command?.unwrap_or_else(|| "cqlsh".to_owned()),
        args: args?.unwrap_or_default(),
        host: host?,
        port: port?.unwrap_or(9042),
        username: username?,
        password: password?,
    })
}

/// `password_env` and `password_file` fill one slot: a level that sets one of them silences both
/// of the level below.
#[expect(clippy::option_option, reason = "outer: refused; inner: not given")]
fn password(layers: &Layers<RawCqlsh>, check: &mut Check) -> Option<Option<PasswordSource>> {
    let user = layers.pick("username", |c| &c.username);
    let mut source = None;
    for (level, at) in [(layers.own, &layers.own_at), (layers.base, &layers.base_at)] {
        let Some(level) = level else { continue };
        source = match (&level.password_env, &level.password_file) {
            (Key::Absent, Key::Absent) => continue,
            (Key::Set(_), Key::Set(_)) => {
                let place = join(at, "password_file");
                check.problem(&place, format!("{at} has both `password_env` and `password_file`; keep one of them"));
                return None;
            }
            (Key::Set(name), _) => Some((join(at, "password_env"), true, name)),
            (_, Key::Set(file)) => Some((join(at, "password_file"), false, file)),
            (Key::Null, _) | (_, Key::Null) => None,
        };
        break;
    }
    let source_at = source.as_ref().map(|(at, ..)| at.as_str());
    both(user.as_ref().map(at), source_at, "`password_env` or `password_file`", check)?;
    match source {
        None => Some(None),
        Some((at, true, name)) => variable(&at, name, check).map(|name| Some(PasswordSource::Env(name))),
        Some((at, false, file)) => check.local_path(&at, file).map(|file| Some(PasswordSource::File(file))),
    }
}

fn at<V>(picked: &(String, V)) -> &str {
    &picked.0
}

/// A user needs a password and a password a user.
fn both(user: Option<&str>, password: Option<&str>, source: &str, check: &mut Check) -> Option<()> {
    match (user, password) {
        (Some(at), None) => {
            check.problem(at, format!("{at}: the user has no password; add {source}, or remove the user"));
        }
        (None, Some(at)) => {
            check.problem(at, format!("{at}: a password without a user; add `username`, or remove it"));
        }
        _ => return Some(()),
    }
    None
}

/// Arguments: one line each, not empty (nodetool's script stops at the first empty one), and no
/// password, which every user of the host could read in the process list.
fn arguments(at: &str, args: &[String], secret: &[&str], check: &mut Check) -> Option<Vec<String>> {
    let mut sound = true;
    for (index, arg) in args.iter().enumerate() {
        let place = format!("{at}[{index}]");
        let flag = arg.split('=').next().unwrap_or_default();
        let why = if arg.is_empty() || arg.chars().any(char::is_control) {
            "it is empty or holds a line break; give one argument per item"
        } else if secret.contains(&flag) {
            "every user of the host can read a password on a command line; use `username` with a password file or variable"
        } else {
            continue;
        };
        check.problem(&place, format!("{place}: {why}"));
        sound = false;
    }
    sound.then(|| args.to_vec())
}

fn variable(at: &str, name: &str, check: &mut Check) -> Option<String> {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Some(name.to_owned());
    }
    // The text is not repeated: it may be the password itself.
    let why = "this is no variable's name; give the name of an environment variable, never the password itself";
    check.problem(at, format!("{at}: {why}"));
    None
}

/// Outer `None`: refused; inner `None`: not given.
#[expect(clippy::option_option, reason = "both meanings are needed, and only between this file's functions")]
fn optional<V, R>(picked: Option<(String, V)>, judge: impl FnOnce(&str, V) -> Option<R>) -> Option<Option<R>> {
    match picked {
        None => Some(None),
        Some((at, value)) => judge(&at, value).map(Some),
    }
}
