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

a: 1

b: 2

<fval name=\"password\">
  <value>hunter2</value>
</fval>

c: 1

d: 2

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
access_token: hunter2

far: 1
near: 2

hunter2password
";
        insta::assert_snapshot!(lines("/etc/c/x.conf", text).unwrap().join("\n"));
        assert!(!lines("/etc/c/x.conf", text).unwrap().concat().contains("hunter2"));
    }

    /// Two lines of one object; whether `hunter2` is shown when the value comes first is asked too.
    #[test]
    fn the_value_beside_the_name_of_a_secret_is_hidden_in_both_orders_and_the_next_object_is_shown() {
        let pairs = [
            ("<property>", "  <name>db.password</name>", "  <value>hunter2</value>", "</property>"),
            ("<property>", "<name>db.password</name>", "<value>hunter2</value>", "</property>"),
            ("<property>", "    <name>db.password</name>", "  <value>hunter2</value>", "</property>"),
            ("<property>", "  <name v='db.password'/>", "  <data v='hunter2'/>", "</property>"),
            ("<entry", "  key=\"db.password\"", "  value=\"hunter2\"", "/>"),
            ("{", "  \"name\": \"db.password\",", "  \"value\": \"hunter2\",", "}"),
            ("{", "\"name\": \"db.password\",", "\"value\": \"hunter2\",", "}"),
            ("env:", "  name: DB_PASSWORD", "  value: hunter2", ""),
            ("env:", "  name: DB_PASSWORD", "  more: [1, hunter2]", ""),
            ("# env:", "#   name: DB_TOKEN", "#   value: hunter2", ""),
            ("", "param.1.name=db.password", "param.1.value=hunter2", ""),
            ("", "\tid = auth.secret", "\tsaid = hunter2", ""),
        ];
        for (head, name, value, tail) in pairs {
            for two in [[name, value], [value, name]] {
                for between in [vec![], vec!["  more: 1"], vec![""]] {
                    // where nothing is indented a blank line and more would end it
                    let mut text = vec!["first: 1", "", "far: 2", "", "near: 3", "", head, two[0]];
                    text.extend(between);
                    text.extend([two[1], tail, "", "", "far: 3", "", "further: 4", "", "last: shown"]);
                    let told = lines("/etc/c/x.conf", &text.join("\n")).unwrap().join("\n");
                    assert!(!told.contains("hunter2"), "{}\n→\n{told}", text.join("\n"));
                    assert!(told.starts_with("first: 1") && told.ends_with("last: shown"), "{told}");
                }
            }
        }
        for item in [
            "- name: DB_PASSWORD\n  value: hunter2",
            "- value: hunter2\n  name: DB_PASSWORD",
            "  - x: 1\n    value: hunter2\n    name: DB_PASSWORD",
        ] {
            let text = format!(
                "a:\n{item}\n{}- name: port\n  value: 9042\nb: 1",
                if item.starts_with(' ') { "  " } else { "" }
            );
            let told = lines("/etc/c/x.yaml", &text).unwrap().join("\n");
            assert!(!told.contains("hunter2"), "{told}");
            assert!(told.contains("- name: port") && told.ends_with("b: 1"), "{told}");
        }
        // far deeper in the same object, and in an element of its own
        for text in [
            "<p>\n  <name>\n    db.password\n  </name>\n  <value>\n    hunter2\n  </value>\n</p>",
            "<p>\n  <value>\n    hunter2\n  </value>\n  <name>\n    db.password\n  </name>\n</p>",
            "{\n  \"name\": \"db.password\",\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3,\n  \"value\": {\n    \"x\": \"hunter2\"\n  }\n}",
        ] {
            let told = lines("/etc/c/x.conf", text).unwrap().join("\n");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn keys_in_list_items_short_words_and_addresses_are_hidden() {
        for text in [
            "- password: |\n    hunter2\n    hunter2",
            "- x_password:\n    hunter2",
            "- x_password:\n  hunter2",
            "- x_password:\n  - hunter2",
            "\"password\":\n\"hunter2\"",
            "# password: |\n#   hunter2",
            "password: a\n  hunter2",
            "- \"password\": hunter2",
            "hunter2 # the password",
            "db.pass=hunter2",
            "pass: hunter2",
            "proxyPass hunter2",
            "proxyPass=hunter2",
            "encryption_key: hunter2",
            "encryptionKey: hunter2",
            "signing.key=hunter2",
            "auth: hunter2",
            "db_pw=hunter2",
            "credentials = hunter2",
            "url=jdbc:oracle:thin:scott/hunter2@db:1521:x",
            "url: jdbc:oracle:thin:scott/hunter2@//db:1521/x",
            "jdbc:oracle:thin:scott/hunter2@db:1521:x",
            "<u>amqp://u:hun/hunter2@h</u>",
            "proxy = 'http://u:p@hunter2@h:1'",
            "u:hunter2@h",
        ] {
            let (around, last) = ("x: 1\n\ny: 2\n\n", "last: 1");
            let text = format!("first: 1\n\n{around}{text}\n\n{around}{last}");
            let told = lines("/etc/c/x.conf", &text).unwrap().join("\n");
            assert!(!told.contains("hunter2"), "{text} → {told}");
            assert!(told.starts_with("first: 1\n") && told.ends_with(last), "{text} → {told}");
        }
        for plain in [
            "num_tokens: 16",
            "authenticator: org.apache.cassandra.auth.AllowAllAuthenticator",
            "    require_client_auth: false",
            "# each keyspace has its own",
            "listen_address: 10.0.0.1",
            "mail: ops@example.com",
        ] {
            assert_eq!(lines("/etc/c/x.conf", plain).unwrap(), [plain]);
        }
    }

    #[test]
    fn of_files_whose_every_line_is_a_secret_none_is_shown() {
        for name in ["jmxremote.password", "server.pem", ".keystore", "cqlshrc", "TLS.KEY", "my-credentials.txt"] {
            assert_eq!(lines(&format!("/etc/c/{name}"), "role hunter2"), None, "{name}");
        }
        assert!(lines("/etc/keystore/cassandra.yaml", "a: b").is_some(), "the directory's name says nothing");
    }
}
