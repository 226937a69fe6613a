//! CQL types, compared across versions: [`same`].
//!
//! 2.2 keeps a column's type as a marshalling class (`org.apache.cassandra.db.marshal.Int32Type`),
//! 3.0 and later as CQL (`int`). Both become one [`Type`], so that a backup of one can be held
//! against the schema of the other.
//!
//! `frozen` counts on the outside only, where it decides how a collection is stored: inside of
//! another type everything is frozen, and versions differ in whether they say so. Tuples are always
//! frozen; so are 2.2's user types, whose class name does not say it.

use std::fmt;

/// How deep types may be nested; a schema that exceeds this is not Cassandra's.
const DEPTH: usize = 32;

/// A type, in one form for all versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    name: String,
    frozen: bool,
    args: Vec<Type>,
}

/// Whether two types store the same: each in CQL or as a class. What cannot be read is the same
/// only as itself.
pub fn same(one: &str, other: &str) -> bool {
    match (Type::parse(one), Type::parse(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Whether two types store the same inside of another one, where everything is frozen.
pub fn same_inside(one: &str, other: &str) -> bool {
    same(&format!("list<{one}>"), &format!("list<{other}>"))
}

impl Type {
    /// Reads CQL or a class name.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let ty = reader.ty(0)?;
        reader.rest.trim().is_empty().then(|| ty.outermost())
    }

    /// Names of user types in it.
    pub fn user_types(&self) -> Vec<&str> {
        let own = (self.args.is_empty() && !is_native(&self.name) && !self.name.contains('.')).then_some(&*self.name);
        own.into_iter().chain(self.args.iter().flat_map(Type::user_types)).collect()
    }

    fn plain(name: impl Into<String>) -> Self {
        Self { name: name.into(), frozen: false, args: vec![] }
    }

    /// Only what is stored in several cells can be frozen or not.
    fn outermost(mut self) -> Self {
        let choice = matches!(&*self.name, "list" | "set" | "map") || !self.user_types().is_empty();
        self.frozen &= choice && self.name != "tuple" && self.name != "vector";
        self.args = self.args.into_iter().map(Type::thawed).collect();
        self
    }

    fn thawed(self) -> Self {
        Self { frozen: false, args: self.args.into_iter().map(Type::thawed).collect(), ..self }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(ToString::to_string).collect();
        let args = if args.is_empty() { String::new() } else { format!("<{}>", args.join(", ")) };
        let Self { name, frozen, .. } = self;
        if *frozen { write!(f, "frozen<{name}{args}>") } else { write!(f, "{name}{args}") }
    }
}

/// `text` or its class; what no CQL type is called like keeps the class's name.
fn native(class: &str) -> String {
    let name = match class.strip_prefix("org.apache.cassandra.db.marshal.").unwrap_or(class) {
        "AsciiType" => "ascii",
        "LongType" => "bigint",
        "BytesType" => "blob",
        "BooleanType" => "boolean",
        "CounterColumnType" => "counter",
        "SimpleDateType" => "date",
        "DecimalType" => "decimal",
        "DoubleType" => "double",
        "DurationType" => "duration",
        "EmptyType" => "empty",
        "FloatType" => "float",
        "InetAddressType" => "inet",
        "Int32Type" => "int",
        "ShortType" => "smallint",
        "UTF8Type" => "text",
        "TimeType" => "time",
        "TimestampType" | "DateType" => "timestamp",
        "TimeUUIDType" => "timeuuid",
        "ByteType" => "tinyint",
        "UUIDType" => "uuid",
        "IntegerType" => "varint",
        "ListType" => "list",
        "SetType" => "set",
        "MapType" => "map",
        "TupleType" => "tuple",
        "VectorType" => "vector",
        other => other,
    };
    name.to_owned()
}

fn is_native(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "ascii",
        "bigint",
        "blob",
        "boolean",
        "counter",
        "date",
        "decimal",
        "double",
        "duration",
        "empty",
        "float",
        "inet",
        "int",
        "smallint",
        "text",
        "time",
        "timestamp",
        "timeuuid",
        "tinyint",
        "uuid",
        "varint",
        "list",
        "set",
        "map",
        "tuple",
        "vector",
    ];
    // a vector's length
    NAMES.contains(&name) || name.bytes().all(|b| b.is_ascii_digit())
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn ty(&mut self, depth: usize) -> Option<Type> {
        if depth > DEPTH {
            return None;
        }
        match self.peek()? {
            '"' => return Some(Type::plain(self.quoted('"')?)),
            '\'' => {
                let class = self.quoted('\'')?;
                return Reader { rest: &class }.ty(depth + 1);
            }
            _ => {}
        }
        let name = self.word()?;
        let open = self.peek().filter(|c| matches!(c, '<' | '('));
        let Some(open) = open else { return Some(Type::plain(cql_name(name))) };
        self.take(open)?;
        let close = if open == '<' { '>' } else { ')' };
        match name.strip_prefix("org.apache.cassandra.db.marshal.").unwrap_or(name) {
            "UserType" => self.user_type(close),
            "ReversedType" => self.arguments(close, depth)?.pop(),
            "FrozenType" => self.arguments(close, depth)?.pop().map(|ty| Type { frozen: true, ..ty }),
            other if other.eq_ignore_ascii_case("frozen") => {
                self.arguments(close, depth)?.pop().map(|ty| Type { frozen: true, ..ty })
            }
            _ => Some(Type { args: self.arguments(close, depth)?, ..Type::plain(cql_name(name)) }),
        }
    }

    fn arguments(&mut self, close: char, depth: usize) -> Option<Vec<Type>> {
        let mut found = vec![];
        loop {
            found.push(self.ty(depth + 1)?);
            match self.peek()? {
                ',' => self.take(',')?,
                c if c == close => {
                    self.take(close)?;
                    return Some(found);
                }
                _ => return None,
            }
        }
    }

    /// `UserType(keyspace,hex name,hex field:type,…)`, after its bracket: only the name counts, its
    /// fields are compared as the keyspace's types.
    fn user_type(&mut self, close: char) -> Option<Type> {
        self.word()?;
        self.take(',')?;
        let name = String::from_utf8(unhex(self.word()?)?).ok()?;
        let mut open = 1;
        while open > 0 {
            let next = self.peek()?;
            open += i32::from(next == '(') - i32::from(next == close);
            self.take(next)?;
        }
        Some(Type { frozen: true, ..Type::plain(name) })
    }

    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(wanted)?;
        Some(())
    }

    fn word(&mut self) -> Option<&'a str> {
        self.peek()?;
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "._$".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Text in quotes; a doubled one stands for itself.
    fn quoted(&mut self, quote: char) -> Option<String> {
        self.take(quote)?;
        let mut text = String::new();
        loop {
            let (part, rest) = self.rest.split_once(quote)?;
            text.push_str(part);
            self.rest = rest;
            if !rest.starts_with(quote) {
                return Some(text);
            }
            text.push(quote);
            self.take(quote)?;
        }
    }
}

/// A word of CQL has no case; a class has one.
fn cql_name(word: &str) -> String {
    let native = native(word);
    if native != word || word.contains('.') {
        return native;
    }
    match word.to_lowercase() {
        name if name == "varchar" => "text".to_owned(),
        name => name,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let even = text.len().is_multiple_of(2) && text.is_ascii();
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
    even.then(|| (0..text.len()).step_by(2).map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `system.schema_columns.validator` of 2.2 and `system_schema.columns.type` of 3.11 say it.
    const BOTH: &[(&str, &str)] = &[
        ("org.apache.cassandra.db.marshal.UTF8Type", "text"),
        ("org.apache.cassandra.db.marshal.UTF8Type", "varchar"),
        ("org.apache.cassandra.db.marshal.Int32Type", "int"),
        ("org.apache.cassandra.db.marshal.CounterColumnType", "counter"),
        ("org.apache.cassandra.db.marshal.TimestampType", "timestamp"),
        ("org.apache.cassandra.db.marshal.SimpleDateType", "date"),
        ("org.apache.cassandra.db.marshal.InetAddressType", "inet"),
        ("org.apache.cassandra.db.marshal.ReversedType(org.apache.cassandra.db.marshal.TimeUUIDType)", "timeuuid"),
        ("org.apache.cassandra.db.marshal.SetType(org.apache.cassandra.db.marshal.UTF8Type)", "set<text>"),
        (
            "org.apache.cassandra.db.marshal.MapType(org.apache.cassandra.db.marshal.UTF8Type,org.apache.cassandra.db.marshal.Int32Type)",
            "map<text, int>",
        ),
        (
            "org.apache.cassandra.db.marshal.FrozenType(org.apache.cassandra.db.marshal.ListType(org.apache.cassandra.db.marshal.UUIDType))",
            "frozen<list<uuid>>",
        ),
        (
            "org.apache.cassandra.db.marshal.MapType(org.apache.cassandra.db.marshal.UTF8Type,org.apache.cassandra.db.marshal.ListType(org.apache.cassandra.db.marshal.IntegerType))",
            "map<text, frozen<list<varint>>>",
        ),
        (
            "org.apache.cassandra.db.marshal.TupleType(org.apache.cassandra.db.marshal.Int32Type,org.apache.cassandra.db.marshal.BytesType)",
            "frozen<tuple<int, blob>>",
        ),
        (
            "org.apache.cassandra.db.marshal.UserType(shop,61646472657373,737472656574:org.apache.cassandra.db.marshal.UTF8Type,486f757365204e6f:org.apache.cassandra.db.marshal.Int32Type)",
            "frozen<address>",
        ),
        (
            "org.apache.cassandra.db.marshal.ListType(org.apache.cassandra.db.marshal.UserType(shop,4164647220,61:org.apache.cassandra.db.marshal.TupleType(org.apache.cassandra.db.marshal.UTF8Type)))",
            "list<frozen<\"Addr \">>",
        ),
        ("org.example.OwnType", "'org.example.OwnType'"),
        (
            "org.apache.cassandra.db.marshal.CompositeType(org.apache.cassandra.db.marshal.UTF8Type)",
            "'org.apache.cassandra.db.marshal.CompositeType(org.apache.cassandra.db.marshal.UTF8Type)'",
        ),
    ];

    #[test]
    fn a_class_of_2_2_is_the_same_as_the_cql_type_it_became() {
        for (class, cql) in BOTH {
            assert!(same(class, cql), "{class}\n{:?}\n{cql}\n{:?}", Type::parse(class), Type::parse(cql));
        }
        for (at, (class, _)) in BOTH.iter().enumerate() {
            for (other, (_, cql)) in BOTH.iter().enumerate().filter(|(other, _)| *other > at + 1) {
                assert!(!same(class, cql), "{at} {other}");
            }
        }
    }

    #[test]
    fn only_the_outermost_frozen_makes_a_difference() {
        assert!(!same("set<text>", "frozen<set<text>>") && !same("address", "frozen<address>"));
        assert!(same("tuple<int>", "frozen<tuple<int>>"));
        assert!(same("map<text, frozen<address>>", "map<text,address>"));
        assert!(same("vector<float, 3>", "VECTOR<float,3>") && !same("vector<float, 3>", "vector<float, 4>"));
    }

    #[test]
    fn case_counts_in_quotes_only() {
        assert!(same("LIST<Text>", "list<text>") && same("\"addr\"", "addr") && !same("\"Addr\"", "addr"));
        assert_eq!(Type::parse("frozen<\"A\"\"b\">").unwrap().user_types(), ["A\"b"]);
    }

    #[test]
    fn user_types_are_found_wherever_they_are() {
        let of =
            |text: &str| Type::parse(text).unwrap().user_types().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of("map<text, frozen<list<frozen<address>>>>"), ["address"]);
        assert_eq!(of("tuple<int, frozen<a>, b>"), ["a", "b"]);
        assert!(of("vector<float, 3>").is_empty() && of("'org.example.OwnType'").is_empty());
    }

    #[test]
    fn what_is_no_type_is_the_same_only_as_itself() {
        for broken in ["", "list<", "list<int", "list<int>>", "UserType(a", "frozen<>", "'", "a b"] {
            assert_eq!(Type::parse(broken), None, "{broken}");
            assert!(same(broken, broken) && !same(broken, "int"));
        }
        assert_eq!(Type::parse(&("list<".repeat(100) + "int" + &">".repeat(100))), None);
        assert_eq!(Type::parse("frozen<map<text, frozen<a>>>").unwrap().to_string(), "frozen<map<text, a>>");
    }
}
