//! Lines that stand beside the name of a secret: `<value>` below `<name>db.password</name>`, `value:` above `key: DB_PASSWORD`.
//! Pure.
//!
//! Of the same object or element is what is indented as far or further, in both directions; without indentation, the
//! paragraph. The two nearest lines belong to it however they are indented. Rejected: to hide only what is called
//! `value`; there are other words for it.

use super::mask::{self, Frame};

/// Nearest lines that are hidden however far they are indented.
const NEAREST: usize = 2;

/// Which lines stand beside a name of a secret.
pub(super) fn lines(all: &[&str]) -> Vec<bool> {
    let mut near = vec![false; all.len()];
    // how far a walk that passed here was indented: what one found, a second one would find too
    let mut passed = [vec![None; all.len()], vec![None; all.len()]];
    for (at, _) in all.iter().enumerate().filter(|(_, line)| names(line)) {
        let Frame { start, key } = Frame::of(all[at]);
        for (way, passed) in passed.iter_mut().enumerate() {
            // an item begins with this line: nothing above is of it
            if way == 0 && key > start {
                continue;
            }
            let step =
                |from: usize| if way == 0 { from.checked_sub(1) } else { Some(from + 1).filter(|n| *n < all.len()) };
            let mut next = step(at);
            while let Some(line) = next {
                if passed[line] == Some(key) || (all[line].trim().is_empty() && key == 0) {
                    break;
                }
                passed[line] = Some(key);
                let other = Frame::of(all[line]);
                if !all[line].trim().is_empty() && other.start < key {
                    // the line that begins the item, above
                    near[line] |= way == 0 && other.key >= key;
                    break;
                }
                near[line] = true;
                next = step(line);
            }
            let (mut next, mut left) = (step(at), NEAREST);
            while let Some(line) = next.filter(|_| left > 0) {
                let other = Frame::of(all[line]);
                // an item begins: below another one, above its own
                let item = other.key > other.start && other.start < key;
                if item && way == 1 {
                    break;
                }
                if !is_frame(all[line]) {
                    near[line] = true;
                    left -= 1;
                }
                if item && other.key >= key {
                    break;
                }
                next = step(line);
            }
        }
    }
    for (near, line) in near.iter_mut().zip(all) {
        *near &= !is_frame(line);
    }
    near
}

/// Whether it holds nothing: blank, brackets, a tag alone.
fn is_frame(line: &str) -> bool {
    let body = line.trim();
    let tag = body.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    body.chars().all(|c| "{}[](),;".contains(c))
        || tag.is_some_and(|tag| !tag.contains(|c: char| c.is_whitespace() || "<>=!".contains(c)))
}

/// Whether it names a secret whose value may be in another line.
fn names(line: &str) -> bool {
    // of a PEM block all is hidden anyway
    if !mask::speaks_of_a_secret(line) || line.contains("-----") {
        return false;
    }
    let frame = Frame::of(line);
    let body = &line[frame.key..];
    let Some(key) = mask::key(body) else { return !frame.is_comment(line) };
    let rest = &body[key.len()..];
    if mask::speaks_of_a_secret(key) {
        return false;
    }
    // it brings its value along
    let lower = line.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if any(&["value=", "value\"", "value:"]) && any(&["name=", "name\"", "name:", "key=", "key\"", "key:"]) {
        return false;
    }
    let assigned = |word: &str| {
        word.split_once('=').is_some_and(|(name, value)| !value.is_empty() && mask::speaks_of_a_secret(name))
    };
    rest.split(|c: char| c.is_whitespace() || "\"'<>{}[](),;".contains(c))
        .any(|word| mask::speaks_of_a_secret(word) && !assigned(word))
}
