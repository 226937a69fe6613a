//! What is hidden, and what is not.

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
        let text =
            format!("a:\n{item}\n{}- name: port\n  value: 9042\nb: 1", if item.starts_with(' ') { "  " } else { "" });
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
