//! Lines of configuration as they may be shown: what looks like a secret is `***`. Pure.
//!
//! It would rather hide too much: the files are there to be read by whoever may. Of a line that speaks of a secret
//! nothing is shown behind its first word; a value that goes on in the next lines is hidden there too; so is what looks
//! like key material anywhere. Rejected: to understand YAML, properties, XML and shell, each to find the value alone; what
//! is understood wrongly is then shown.

/// What a line that holds one of these says is hidden.
const WORDS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "credential",
    "private",
    "keystore",
    "truststore",
    "api_key",
    "apikey",
    "accesskey",
    "access_key",
    "authorization",
];
/// The same for this one.
const TOKEN: &str = "token";
/// Cassandra's own words that hold one of these and are none.
const KNOWN: [&str; 6] = [
    "num_tokens",
    "initial_token",
    "allocate_tokens_for",
    "token_ring",
    "passwordauthenticator",
    "mutualtlswithpassword",
];
/// Files of which no line is shown: they hold secrets without a word for them.
const FILES: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
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
    let mut open = Open::No;
    Some(text.lines().map(|line| shown(line, &mut open)).collect())
}

/// What an earlier line began.
enum Open {
    No,
    /// A PEM block.
    Pem,
    /// A value of a key that is indented so far.
    Value(usize),
    /// An element that is indented so far.
    Element(usize),
    /// A line that goes on.
    Rest,
}

fn shown(line: &str, open: &mut Open) -> String {
    let indent = line.len() - line.trim_start().len();
    let hidden = format!("{}{HIDDEN}", &line[..indent]);
    match open {
        Open::Pem => {
            if line.contains("-----END") {
                *open = Open::No;
            }
            return hidden;
        }
        Open::Value(key) if line.trim().is_empty() || indent > *key || line.trim_start().starts_with("- ") => {
            return hidden;
        }
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
        Open::Value(_) | Open::No => *open = Open::No,
    }
    if line.contains("-----BEGIN") {
        *open = Open::Pem;
        return hidden;
    }
    if !speaks_of_a_secret(line) {
        return opaque(&addressed(line));
    }
    let body = &line[indent..];
    let end = body.find(|c: char| c.is_ascii_whitespace() || "=:>".contains(c)).map_or(body.len(), |at| at + 1);
    let rest = body[end..].trim_matches(|c: char| c.is_whitespace() || "=:".contains(c));
    if line.ends_with('\\') {
        *open = Open::Rest;
    } else if body.starts_with('<') && !line.contains("</") && !line.contains("/>") {
        *open = Open::Element(indent);
    } else if rest.is_empty() || rest.starts_with(['|', '>']) || rest.ends_with(['[', '{']) {
        *open = Open::Value(indent);
    }
    // a word alone may be the secret itself
    let key = if end < body.len() || body.ends_with(['=', ':']) {
        opaque(body[..end].trim_end()) + " "
    } else {
        String::new()
    };
    format!("{}{key}{HIDDEN}", &line[..indent])
}

fn speaks_of_a_secret(line: &str) -> bool {
    let line = KNOWN.iter().fold(line.to_lowercase(), |line, known| line.replace(known, ""));
    line.contains(TOKEN) || WORDS.iter().any(|word| line.contains(word))
}

/// Without the password of `scheme://user:password@host`.
fn addressed(line: &str) -> String {
    let Some((head, rest)) = line.split_once("://") else { return line.to_owned() };
    let end = rest.find(|c: char| c.is_whitespace() || "/\"'".contains(c)).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{head}://{HIDDEN}{}", addressed(&rest[at..])),
        None => format!("{head}://{}", addressed(rest)),
    }
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
mod tests {
    use super::*;

    /// `SECRET` and `hunter2` stand for what nobody may see.
    #[test]
    fn no_secret_is_shown_in_any_format_and_the_rest_is() {
        let text = "\
cluster_name: Lab
num_tokens: 16
keystore_password: hunter2
    truststore_password : hunter2
keystore: conf/hunter2
encryption:
    password: |
        hunter2
        hunter2

    optional: true
secrets:
- hunter2
- hunter2
enabled: false
JVM_OPTS=\"$JVM_OPTS -Djavax.net.ssl.keyStorePassword=hunter2\"
-Dcom.sun.management.jmxremote.port=7199
password=hunter2 \\
   hunter2
timeout=5
<entry value=\"hunter2\" name=\"password\"/>
<fval name=\"password\">
  <value>hunter2</value>
</fval>
<field name=\"port\" value=\"8080\"/>
{\"value\": \"hunter2\", \"key\": \"db.Password\"}
url: jdbc:mysql://root:hunter2@db.example.com:3306/x
https://example.com/a and https://u:hunter2@h/b
blob: QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0NTY3OA==
class: org.apache.cassandra.auth.PasswordAuthenticator
snitch: GossipingPropertyFileSnitch
data: /var/lib/cassandra/data1
-----BEGIN PRIVATE KEY-----
hunter2
-----END PRIVATE KEY-----
hunter2password
access_token: hunter2
";
        insta::assert_snapshot!(lines("/etc/c/x.conf", text).unwrap().join("\n"));
        assert!(!lines("/etc/c/x.conf", text).unwrap().concat().contains("hunter2"));
    }

    #[test]
    fn of_files_whose_every_line_is_a_secret_none_is_shown() {
        for name in ["jmxremote.password", "server.pem", ".keystore", "cqlshrc", "TLS.KEY", "my-credentials.txt"] {
            assert_eq!(lines(&format!("/etc/c/{name}"), "role hunter2"), None, "{name}");
        }
        assert!(lines("/etc/keystore/cassandra.yaml", "a: b").is_some(), "the directory's name says nothing");
    }
}
