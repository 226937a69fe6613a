//! What the guards found, as a table: for `check`, for refusals, for `doctor`.
//!
//! The verdict is a word in the first column; failing guards come first, since a refusal is read
//! from the top. Guards that hold are counted, and listed only when asked for.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use serde_json::{Value, json};

use super::Look;
use crate::event::Level;
use crate::guard;
use crate::name::HostName;
use crate::report::words;

/// Columns that a table needs to be one: with fewer, paths and commands would be cut to pieces.
const TABLE: usize = 100;

/// A finding as the fold keeps it: guard, host, level, message, cure.
pub type Finding = (String, Option<HostName>, Level, String, String);

/// What guards found, in the form of the fold.
pub fn of(found: &[guard::Finding]) -> Vec<Finding> {
    let row = |f: &guard::Finding| (f.guard.to_owned(), f.host.clone(), f.level, f.message.clone(), f.cure.clone());
    found.iter().map(row).collect()
}

/// For programs: one object each.
pub fn json(findings: &[Finding]) -> Vec<Value> {
    let overridable = |guard: &String| guard::GUARDS.iter().any(|known| known.name == guard && known.overridable);
    let object = |(guard, host, level, message, cure): &Finding| json!({"guard": guard, "host": host, "level": level, "message": message, "cure": cure, "overridable": overridable(guard)});
    findings.iter().map(object).collect()
}

/// The table, and a line that counts; ends with a line break.
pub fn table(findings: &[Finding], look: Look) -> String {
    let mut rows: Vec<&Finding> = findings
        .iter()
        .filter(|f| look.verbose() || (f.2 > Level::Pass && !(look.quiet() && f.2 < Level::Fail)))
        .collect();
    rows.sort_by_key(|(guard, host, level, ..)| (std::cmp::Reverse(*level), guard, host));
    let mut text = String::new();
    if !rows.is_empty() {
        text = if look.columns() < TABLE { listed(&rows, look) } else { lay_out(&rows, look) };
        text.push_str("\n\n");
    }
    text + &counts(findings) + "\n"
}

/// `2 fail, 1 warning, 9 hold`.
pub fn counts(findings: &[Finding]) -> String {
    let number = |level: Level| findings.iter().filter(|f| f.2 == level).count();
    let some = [
        (number(Level::Fail), "fail"),
        (number(Level::Overridden), "overridden"),
        (number(Level::Warn), "to look at"),
        (number(Level::Pass), "in order"),
    ];
    let said: Vec<String> = some.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if said.is_empty() { "no findings".to_owned() } else { said.join(", ") }
}

/// One below the other, for a narrow terminal.
fn listed(rows: &[&Finding], look: Look) -> String {
    let each = |(guard, host, level, message, cure): &&Finding| {
        let host = host.as_ref().map_or("cluster", HostName::as_str);
        let mut lines = vec![format!("{} {guard} ({host})", verdict(*level, look))];
        lines.push(wrapped(&words::line(message), look.columns(), 4));
        if !cure.is_empty() {
            lines.push(wrapped(&format!("-> {}", words::line(cure)), look.columns(), 4));
        }
        lines.join("\n")
    };
    rows.iter().map(each).collect::<Vec<_>>().join("\n")
}

/// The words, indented, in lines of at most that many columns; none is cut, so that a command or a
/// path can be copied.
pub fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = vec![margin.clone()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is one");
        if last.len() == indent {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= columns {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(format!("{margin}{word}"));
        }
    }
    lines.join("\n")
}

fn verdict(level: Level, look: Look) -> String {
    let text = word(level);
    let painted = match level {
        Level::Fail => look.bad(text),
        Level::Pass => look.good(text),
        Level::Warn | Level::Overridden => look.warn(text),
    };
    painted.into_owned()
}

fn lay_out(rows: &[&Finding], look: Look) -> String {
    let mut table = Table::new();
    table.load_style(if look.ascii { presets::ASCII_HORIZONTAL_ONLY } else { presets::UTF8_HORIZONTAL_ONLY });
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.columns()).unwrap_or(110));
    table.set_header(["", "guard", "host", "what was found", "what to do"]);
    for (guard, host, level, message, cure) in rows {
        let host = host.as_ref().map_or("cluster", HostName::as_str);
        table.add_row([word(*level), guard, host, &words::line(message), &words::line(cure)]);
    }
    // The first three are short and are looked up by eye: never broken.
    table.set_constraints([ColumnConstraint::ContentWidth; 3]);
    if let Some(message) = table.column_mut(3) {
        message.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(16)));
    }
    let text: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    colour(&text.join("\n"), rows, look)
}

/// Colours the verdicts after the layout, so that no escape sequence is counted as a column.
fn colour(text: &str, rows: &[&Finding], look: Look) -> String {
    let mut next = rows.iter();
    let paint = |line: &str| {
        let Some(at) = next.as_slice().first() else { return line.to_owned() };
        let plain = word(at.2);
        if !line.trim_start().starts_with(&format!("{plain} ")) {
            return line.to_owned();
        }
        next.next();
        line.replacen(plain, &verdict(at.2, look), 1)
    };
    text.lines().map(paint).collect::<Vec<_>>().join("\n")
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Pass => "ok",
        Level::Warn => "warning",
        Level::Overridden => "overridden",
        Level::Fail => "FAIL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::printer::Verbosity;
    use crate::event::fixture;

    #[test]
    fn failing_guards_come_first_each_with_its_cure() {
        insta::assert_snapshot!(table(&fixture::refused().1.findings, Look::default()), @"
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
                   guard        host      what was found                            what to do
        ══════════════════════════════════════════════════════════════════════════════════════════════════════════════
         FAIL      free-space   cass1     2.6 GiB needed on /var/lib/cassandra,     free 1.7 GiB on cass1, or name a
                                          0.9 GiB free                              smaller set with -k
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
         FAIL      ring         cluster   the ring has 4 nodes, the inventory 3:    add the node to the inventory, or
                                          10.77.0.14 is not in it                   remove it from the ring with
                                                                                    nodetool removenode
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
         warning   clock        cass3     the clock is 1.8 s behind the             start chronyd on cass3
                                          coordinator's
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

        2 fail, 1 to look at
        ");
    }

    #[test]
    fn a_narrow_terminal_gets_a_list_with_nothing_cut() {
        let look = Look { width: Some(60), ascii: true, ..Look::default() };
        insta::assert_snapshot!(table(&fixture::refused().1.findings, look), @"
        FAIL free-space (cass1)
            2.6 GiB needed on /var/lib/cassandra, 0.9 GiB free
            -> free 1.7 GiB on cass1, or name a smaller set with -k
        FAIL ring (cluster)
            the ring has 4 nodes, the inventory 3: 10.77.0.14 is not
            in it
            -> add the node to the inventory, or remove it from the
            ring with nodetool removenode
        warning clock (cass3)
            the clock is 1.8 s behind the coordinator's
            -> start chronyd on cass3

        2 fail, 1 to look at
        ");
    }

    #[test]
    fn verbose_lists_the_guards_that_hold() {
        let look = Look { verbosity: Verbosity::Verbose, ..Look::default() };
        insta::assert_snapshot!(table(&fixture::done().1.findings, look), @"
        ────────────────────────────────────────────────────────────────────────────────────────────────────────
                      guard        host    what was found                                what to do
        ════════════════════════════════════════════════════════════════════════════════════════════════════════
         overridden   same-disk    cass1   the backup is on the disk of the data
                                           (overridden: lab machine)
        ────────────────────────────────────────────────────────────────────────────────────────────────────────
         warning      clock        cass3   the clock is 1.8 s behind the coordinator's   start chronyd on cass3
        ────────────────────────────────────────────────────────────────────────────────────────────────────────
         ok           free-space   cass1   1.2 GiB needed, 212 GiB free
        ────────────────────────────────────────────────────────────────────────────────────────────────────────

        1 overridden, 1 to look at, 1 in order
        ");
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let findings = &fixture::refused().1.findings;
        let coloured = table(findings, Look { colour: true, ..Look::default() });
        assert_eq!(coloured.matches("\u{1b}[0m").count(), 3);
        assert_eq!(words::clean(&coloured), table(findings, Look::default()));
    }

    #[test]
    fn nothing_found_is_said() {
        assert_eq!(table(&[], Look::default()), "no findings\n");
    }
}
