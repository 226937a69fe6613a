//! CQL that makes a schema, as `DESCRIBE KEYSPACE` prints it, taken apart: [`statements`].
//!
//! Only as much is read as creating needs: what a statement makes, of which table, on what an index is.
//! Strings, quoted names, `$$` bodies and comments are skipped as such, so that a `;` in a comment of a
//! table does not end its statement. Rejected: a grammar of CQL, which differs per version.

use super::layout::TableId;

/// What a statement makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyspace.
    Keyspace,
    /// A user type.
    Type,
    /// A table.
    Table,
    /// An index of a table.
    Index,
    /// A materialized view.
    View,
    /// A function, an aggregate, a trigger, or an `ALTER`.
    Other,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it makes.
    pub kind: Kind,
    /// The name of that, without its keyspace.
    pub name: String,
    /// The table of an index; the base table of a view.
    pub table: Option<String>,
    /// What an index is on, as written.
    pub target: String,
    /// Its text, without the `;`.
    text: String,
    /// Where `IF NOT EXISTS` goes.
    after_kind: usize,
    /// Behind the word `WITH` of its options.
    with: Option<usize>,
    /// Whether `IF NOT EXISTS` is there.
    exists: bool,
    /// Whether `ID =` is there.
    named: bool,
}

impl Statement {
    /// Its text, such that it may run again, and gives a table that id.
    pub fn create(&self, id: Option<&TableId>) -> String {
        let mut text = self.text.clone();
        if let Some(id) = id.filter(|_| !self.named) {
            match self.with {
                Some(at) => text.insert_str(at, &format!(" ID = {id} AND")),
                None => text = format!("{text} WITH ID = {id}"),
            }
        }
        if self.kind != Kind::Other && !self.exists {
            text.insert_str(self.after_kind, " IF NOT EXISTS");
        }
        text
    }
}

/// A word, a name, a string or a sign, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    /// Quoted ones are never words or signs of the language.
    quoted: bool,
    from: usize,
    to: usize,
}

impl Token {
    fn is(&self, word: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(word)
    }
}

/// Takes a text apart.
pub fn statements(cql: &str) -> Vec<Statement> {
    let tokens = tokens(cql);
    tokens.split(|token| token.is(";")).filter_map(|own| statement(cql, own)).collect()
}

fn tokens(cql: &str) -> Vec<Token> {
    let mut tokens = vec![];
    let mut at = 0;
    while let Some(c) = cql[at..].chars().next() {
        let (from, rest) = (at, &cql[at..]);
        let until = |end: &str, skip: usize| rest[skip..].find(end).map_or(rest.len(), |n| skip + n + end.len());
        let (text, length) = match c {
            _ if rest.starts_with("--") || rest.starts_with("//") => (None, until("\n", 2)),
            _ if rest.starts_with("/*") => (None, until("*/", 2)),
            _ if rest.starts_with("$$") => (Some((String::new(), true)), until("$$", 2)),
            '\'' | '"' => {
                let (text, length) = quoted(rest, c);
                (Some((text, true)), length)
            }
            c if c.is_whitespace() => (None, c.len_utf8()),
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (Some((rest[..length].to_owned(), false)), length)
            }
            c => (Some((c.to_string(), false)), c.len_utf8()),
        };
        at += length;
        tokens.extend(text.map(|(text, quoted)| Token { text, quoted, from, to: at }));
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What stands between quotes, a doubled one standing for one; and the length with both quotes.
fn quoted(rest: &str, quote: char) -> (String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return (text, at + 1);
        }
    }
    (text, rest.len())
}

/// The name at the beginning, without its keyspace: lower case unless it is quoted.
fn name(tokens: &[Token]) -> Option<String> {
    let qualified = tokens.get(1).is_some_and(|token| token.is("."));
    let token = tokens.get(if qualified { 2 } else { 0 })?;
    Some(if token.quoted { token.text.clone() } else { token.text.to_ascii_lowercase() })
}

fn statement(cql: &str, tokens: &[Token]) -> Option<Statement> {
    let (start, end) = (tokens.first()?.from, tokens.last()?.to);
    let word = |n: usize, text: &str| tokens.get(n).is_some_and(|token| token.is(text));
    let kinds: [(&[&str], Kind); 7] = [
        (&["KEYSPACE"], Kind::Keyspace),
        (&["TYPE"], Kind::Type),
        (&["TABLE"], Kind::Table),
        (&["COLUMNFAMILY"], Kind::Table),
        (&["INDEX"], Kind::Index),
        (&["CUSTOM", "INDEX"], Kind::Index),
        (&["MATERIALIZED", "VIEW"], Kind::View),
    ];
    let of = |words: &[&str]| word(0, "CREATE") && words.iter().enumerate().all(|(n, text)| word(n + 1, text));
    let found = kinds.into_iter().find(|(words, _)| of(words));
    let (kind, words) = found.map_or((Kind::Other, 1), |(words, kind)| (kind, words.len() + 1));
    let exists = word(words, "IF");
    let behind = |text: &str| tokens.iter().position(|token| token.is(text)).and_then(|at| name(&tokens[at + 1..]));
    let options = options(tokens);
    Some(Statement {
        kind,
        name: name(tokens.get(words + if exists { 3 } else { 0 }..)?).unwrap_or_default(),
        table: match kind {
            Kind::Index => Some(behind("ON")?),
            Kind::View => Some(behind("FROM")?),
            _ => None,
        },
        target: options.parens.filter(|_| kind == Kind::Index).map_or("", |(from, to)| cql[from..to].trim()).to_owned(),
        text: cql[start..end].to_owned(),
        after_kind: tokens[words - 1].to - start,
        with: options.with.map(|at| at - start),
        exists,
        named: options.named,
    })
}

/// What stands outside of any parentheses, and the first pair of these.
#[derive(Default)]
struct Options {
    with: Option<usize>,
    named: bool,
    parens: Option<(usize, usize)>,
}

fn options(tokens: &[Token]) -> Options {
    let mut found = Options::default();
    let (mut depth, mut open) = (0_usize, 0);
    for (n, token) in tokens.iter().enumerate() {
        if token.is("(") || token.is("{") {
            depth += 1;
            if depth == 1 {
                open = token.to;
            }
        } else if token.is(")") || token.is("}") {
            depth = depth.saturating_sub(1);
            if depth == 0 && found.parens.is_none() {
                found.parens = Some((open, token.from));
            }
        } else if depth == 0 && found.with.is_none() && token.is("WITH") {
            found.with = Some(token.to);
        } else if depth == 0 && found.with.is_some() && token.is("ID") {
            found.named |= tokens.get(n + 1).is_some_and(|next| next.is("="));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CQL: &str = r#"CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '3'}  AND durable_writes = true;

/* CREATE TABLE shop.not_this (id int); */
CREATE TYPE shop.address (street text, "House; No" int); -- a remark; with a sign
CREATE FUNCTION shop.f (x int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS $$ return x; $$;
CREATE TABLE shop."Order;Items" (
    "Id" int PRIMARY KEY,
    "With ID" text
) WITH comment = 'it''s; CREATE TABLE x' AND gc_grace_seconds = 10;
CREATE INDEX "ByOwner" ON shop."Order;Items" ("With ID");
CREATE TABLE shop.plain (id int PRIMARY KEY);
CREATE TABLE IF NOT EXISTS shop.named (id int PRIMARY KEY) WITH ID = 59adb24e-f3cd-3e02-97f0-5b395827453f AND comment = 'x';
CREATE CUSTOM INDEX by_title ON shop.plain (keys(title)) USING 'StorageAttachedIndex' WITH OPTIONS = {'x': 'y'};
CREATE MATERIALIZED VIEW shop.v AS SELECT a, b FROM shop.plain WHERE a IS NOT NULL PRIMARY KEY ((a), b) WITH CLUSTERING ORDER BY (b ASC)"#;

    #[test]
    fn statements_are_told_apart_whatever_stands_in_quotes_and_comments() {
        let found: Vec<_> = statements(CQL).into_iter().map(|s| (s.kind, s.name, s.table, s.target)).collect();
        let one = |kind, name: &str, table: Option<&str>, target: &str| {
            (kind, name.to_owned(), table.map(str::to_owned), target.to_owned())
        };
        assert_eq!(
            found,
            [
                one(Kind::Keyspace, "shop", None, ""),
                one(Kind::Type, "address", None, ""),
                one(Kind::Other, "function", None, ""),
                one(Kind::Table, "Order;Items", None, ""),
                one(Kind::Index, "ByOwner", Some("Order;Items"), "\"With ID\""),
                one(Kind::Table, "plain", None, ""),
                one(Kind::Table, "named", None, ""),
                one(Kind::Index, "by_title", Some("plain"), "keys(title)"),
                one(Kind::View, "v", Some("plain"), ""),
            ]
        );
    }

    #[test]
    fn a_table_is_created_under_the_id_that_it_had_and_may_be_there_already() {
        let id = TableId::parse("f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2").unwrap();
        let all = statements(CQL);
        let create = |name: &str, id| all.iter().find(|s| s.name == name).unwrap().create(id);
        assert_eq!(
            create("plain", Some(&id)),
            format!("CREATE TABLE IF NOT EXISTS shop.plain (id int PRIMARY KEY) WITH ID = {id}")
        );
        let items = create("Order;Items", Some(&id));
        assert!(items.starts_with("CREATE TABLE IF NOT EXISTS shop.\"Order;Items\" ("), "{items}");
        assert!(
            items.ends_with(&format!(
                ") WITH ID = {id} AND comment = 'it''s; CREATE TABLE x' AND gc_grace_seconds = 10"
            )),
            "{items}"
        );
        assert!(
            create("v", Some(&id))
                .ends_with(&format!("PRIMARY KEY ((a), b) WITH ID = {id} AND CLUSTERING ORDER BY (b ASC)"))
        );
        assert_eq!(create("named", Some(&id)), all.iter().find(|s| s.name == "named").unwrap().text, "it has one");
        assert!(
            create("by_title", None)
                .starts_with("CREATE CUSTOM INDEX IF NOT EXISTS by_title ON shop.plain (keys(title)) USING")
        );
        assert!(create("shop", None).starts_with("CREATE KEYSPACE IF NOT EXISTS shop WITH replication"));
        assert!(create("function", None).ends_with("AS $$ return x; $$"), "the rest is left as it is");
    }

    #[test]
    fn what_is_cut_off_does_no_harm() {
        for cut in (0..CQL.len()).filter(|at| CQL.is_char_boundary(*at)) {
            statements(&CQL[..cut]);
        }
        assert_eq!(statements(" ; ;; -- nothing"), []);
    }
}
