//! Job calls taken apart and answered, for the fake transport: it has no shell to run them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::protocol::OTHERWISE;
use crate::remote::{Call, Reply};
use crate::script::Rendered;

/// A job call as the fake transport sees it.
pub(in crate::remote) struct Wrapped {
    /// The job's directory.
    pub(in crate::remote) directory: String,
    /// What names it.
    pub(in crate::remote) token: String,
    /// The epoch of who asks; zero for a wait, which is for everybody.
    pub(in crate::remote) epoch: u64,
    /// For how long it may wait.
    pub(in crate::remote) ceiling: Duration,
    /// What it wants.
    pub(in crate::remote) wish: Wish,
    /// What is asked behind it when the job ended with 0.
    pub(in crate::remote) then: Option<Box<Call>>,
}

/// What a job call wants.
pub(in crate::remote) enum Wish {
    /// To start this act, then to wait.
    Launch(Box<Call>),
    /// To wait.
    Wait,
    /// To end the job.
    Cancel,
}

/// Takes a job call apart; `None` for any other call.
pub(in crate::remote) fn unwrap(call: &Call) -> Option<Wrapped> {
    let vars = &call.script.vars;
    let var = |name: &str| vars.get(name).cloned().unwrap_or_default();
    let number = |name: &str| var(name).parse().unwrap_or_default();
    let wish = match call.script.name.as_str() {
        "job.wait" => Wish::Wait,
        "job.cancel" => Wish::Cancel,
        "job.launch" => {
            let text = var("ACT_TEXT");
            let script = Rendered { name: var("ACT"), vars: assignments(&text), body: text.into() };
            Wish::Launch(Box::new(Call { script, then: None, ..call.clone() }))
        }
        _ => return None,
    };
    let directory = format!("{}/{}/{}", var("ROOT"), call.run, var("JOB"));
    let ceiling = Duration::from_millis(number("WAIT") * 10);
    let then = call.then.as_ref().map(|then| Box::new(Call { script: then.clone(), then: None, ..call.clone() }));
    Some(Wrapped { directory, token: var("TOKEN"), epoch: number("EPOCH"), ceiling, wish, then })
}

/// What `job_wait.sh` would print for a job that ended with `reply`.
pub(in crate::remote) fn answer(reply: &Reply) -> Reply {
    let head = format!("finished {} 0 {} \n", reply.rc, reply.remote.as_secs_f64());
    let rc = if reply.rc == 0 { 0 } else { OTHERWISE };
    Reply { rc, stdout: head + &reply.stdout, ..reply.clone() }
}

/// Reads back the header that `script::header` wrote: the assignments before the prelude.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    let mut rest = text;
    while let Some((name, mut tail)) = rest.split_once("='") {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
            break;
        }
        let mut value = String::new();
        while let Some((part, after)) = tail.split_once('\'') {
            value.push_str(part);
            tail = after;
            match tail.strip_prefix(r"\''") {
                Some(inside) => {
                    value.push('\'');
                    tail = inside;
                }
                None => break,
            }
        }
        vars.insert(name.to_owned(), value);
        rest = tail.strip_prefix('\n').unwrap_or(tail);
    }
    vars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::job::protocol::LIBRARY;
    use crate::script::Script;

    proptest::proptest! {
        #[test]
        fn the_header_of_a_script_is_read_back_as_it_was_written(
            vars in proptest::collection::btree_map("[A-Z][A-Z0-9_]{0,5}", "([^\0]|'|\n|\\\\){0,20}", 0..4)
        ) {
            let mut script = Script::new("job.wait");
            script.vars.clone_from(&vars);
            proptest::prop_assert_eq!(assignments(&LIBRARY.render(&script).unwrap().text()), vars);
        }
    }
}
