//! Lines of configuration as they may be shown: what looks like a secret is `***`. Pure.
//!
//! It would rather hide too much: the files are there to be read by whoever may. Of a line that speaks of a secret
//! nothing is shown behind its key; a value that goes on in the next lines is hidden there too; so are the lines beside one
//! that names a secret (`near`), and what looks like key material anywhere. Rejected: to understand YAML, properties, XML and shell, each to find the value alone; what
//! is understood wrongly is then shown.

use super::near;

/// What a line that holds one of these says is hidden.
const WORDS: [&str; 25] = [
    "pass",
    "pwd",
    "_pw",
    ".pw",
    "secret",
    "credential",
    "private",
    "keystore",
    "truststore",
    "token",
    "auth",
    "_key",
    "-key",
    ".key",
    "apikey",
    "accesskey",
    "accountkey",
    "encryptionkey",
    "encryptkey",
    "cipherkey",
    "masterkey",
    "sharedkey",
    "signingkey",
    "sslkey",
    "bearer",
];
/// Cassandra's own words that hold one of these and are none.
const KNOWN: [&str; 12] = [
    "num_tokens",
    "initial_token",
    "allocate_tokens_for",
    "token_ring",
    "passwordauthenticator",
    "mutualtlswithpassword",
    "authenticator",
    "authorizer",
    "cassandra.auth",
    "system_auth",
    "client_auth",
    "keyspace",
];
/// Files of which no line is shown: they hold secrets without a word for them.
const FILES: [&str; 13] = [
    "pass",
    "token",
    "secret",
    "credential",
    "keystore",
    "truststore",
    ".jks",
    ".p12",
    ".pfx",
    ".pem",
    ".key",
    ".keytab",
    "cqlshrc",
];
/// Characters of one word from which on it is taken for key material, when it has digits and letters.
const OPAQUE: usize = 24;
const HIDDEN: &str = "***";

/// The text's lines, ready to be shown; `None`: none of them may be.
pub(super) fn lines(path: &str, text: &str) -> Option<Vec<String>> {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    if FILES.iter().any(|word| name.contains(word)) {
        return None;
    }
    let all: Vec<&str> = text.lines().collect();
    let mut open = Open::No;
    Some(all.iter().zip(near::lines(&all)).map(|(line, near)| shown(line, near, &mut open)).collect())
}

/// Where a line's parts begin.
pub(super) struct Frame {
    /// What is behind blanks and the signs of a comment.
    pub(super) start: usize,
    /// The same without the `- ` of a list's item.
    pub(super) key: usize,
}

impl Frame {
    pub(super) fn of(line: &str) -> Self {
        let body = line.trim_start_matches(|c: char| c.is_whitespace() || "#;".contains(c));
        let mut rest = body;
        while let Some(item) = rest.strip_prefix("- ").or_else(|| rest.strip_prefix("-\t")) {
            rest = item.trim_start();
        }
        Self { start: line.len() - body.len(), key: line.len() - rest.len() }
    }

    pub(super) fn is_comment(&self, line: &str) -> bool {
        line[..self.start].contains(['#', ';'])
    }
}

/// `key:`, `key =`, `<key>`, `<key `: what may be shown of a line that holds a secret. A word alone may be the secret itself.
pub(super) fn key(body: &str) -> Option<&str> {
    let end = body.find(|c: char| c.is_ascii_whitespace() || "=:>".contains(c))?;
    let behind = body[end..].trim_start();
    let sign = body[end..].starts_with(['=', ':', '>']);
    match (sign, body.starts_with('<') || behind.starts_with(['=', ':'])) {
        (true, _) => Some(&body[..=end]),
        (false, true) => Some(&body[..end]),
        (false, false) => None,
    }
}

/// What an earlier line began.
enum Open {
    No,
    /// A PEM block.
    Pem,
    /// A value of a key that is indented so far; `None` was in the key's own line, so it may be a list.
    Value {
        indent: usize,
        list: bool,
    },
    /// An element that is indented so far.
    Element(usize),
    /// A line that goes on.
    Rest,
}

fn shown(line: &str, near: bool, open: &mut Open) -> String {
    let Frame { start: indent, key: from } = Frame::of(line);
    let hidden = format!("{}{HIDDEN}", &line[..indent]);
    match open {
        Open::Pem => {
            if line.contains("-----END") {
                *open = Open::No;
            }
            return hidden;
        }
        Open::Value { .. } if line.trim().is_empty() => return hidden,
        Open::Value { indent: of, .. } if indent > *of => return hidden,
        Open::Value { list: true, .. } if from > indent || !line.contains([':', '=', '<']) => return hidden,
        Open::Element(from) => {
            if indent <= *from && (line.contains("</") || line.contains("/>")) {
                *open = Open::No;
            }
            return hidden;
        }
        Open::Rest => {
            if !line.ends_with('\\') {
                *open = Open::No;
            }
            return hidden;
        }
        Open::Value { .. } | Open::No => *open = Open::No,
    }
    if line.contains("-----BEGIN") {
        *open = Open::Pem;
        return hidden;
    }
    let speaks = speaks_of_a_secret(line);
    if !speaks && !near {
        return opaque(&addressed(line));
    }
    let body = &line[from..];
    let key = key(body);
    let rest = body[key.map_or(0, str::len)..].trim_matches(|c: char| c.is_whitespace() || "=:".contains(c));
    let ends = body.trim_end();
    if line.ends_with('\\') {
        *open = Open::Rest;
    } else if body.starts_with('<') {
        if !line.contains("</") && !line.contains("/>") {
            *open = Open::Element(indent);
        }
    } else if key.is_some() {
        // a key behind the `- ` of an item: the next `- ` is another item
        let empty = rest.is_empty() || rest.starts_with(['|', '>']) || ends.ends_with([':', '=', '[', '{', '|', '>']);
        *open = Open::Value { indent, list: empty && from == indent };
    }
    let told = key.map(|key| opaque(&addressed(key.trim_end())) + " ").unwrap_or_default();
    format!("{}{told}{HIDDEN}", &line[..from])
}

pub(super) fn speaks_of_a_secret(line: &str) -> bool {
    let line = KNOWN.iter().fold(line.to_lowercase(), |line, known| line.replace(known, ""));
    WORDS.iter().any(|word| line.contains(word))
}

/// Without what stands before the `@` of `scheme://user:password@host` and `thin:user/password@host`.
fn addressed(line: &str) -> String {
    let part = |c: char| c.is_whitespace() || "\"'<>".contains(c);
    let mut told = String::new();
    for word in line.split_inclusive(part) {
        let Some((before, behind)) = word.rsplit_once('@').filter(|(before, _)| before.contains([':', '/'])) else {
            told.push_str(word);
            continue;
        };
        let plain = |key: &&str| key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        let key = before.split('=').next().filter(plain).map_or(0, |key| (key.len() + 1).min(before.len()));
        let scheme = before[key..].find("://").map_or(key, |at| key + at + 3);
        told.extend([&before[..scheme], HIDDEN, "@", behind]);
    }
    told
}

/// Without long words of digits and letters.
fn opaque(line: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let mut told = String::new();
    let mut rest = line;
    while let Some(from) = rest.find(part) {
        let word = &rest[from..];
        let end = word.find(|c| !part(c)).unwrap_or(word.len());
        // a path's parts are words of their own
        let longest = word[..end].split('/').map(str::len).max().unwrap_or(0);
        let mixed = word[..end].contains(|c: char| c.is_ascii_digit())
            && word[..end].contains(|c: char| c.is_ascii_alphabetic());
        told.push_str(&rest[..from]);
        told.push_str(if mixed && longest >= OPAQUE { HIDDEN } else { &word[..end] });
        rest = &word[end..];
    }
    told + rest
}

#[cfg(test)]
mod tests;
