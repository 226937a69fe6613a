//! What the guards found, as a table: for `check`, for refusals, for `doctor`.
//!
//! The verdict is a word in the first column; failing guards come first, since a refusal is read
//! from the top. Guards that hold are counted, and listed only when asked for.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::Look;
use crate::event::Level;
use crate::guard;
use crate::name::HostName;
use crate::report::words;

/// A finding as the fold keeps it: guard, host, level, message, cure.
pub type Finding = (String, Option<HostName>, Level, String, String);

/// What guards found, in the form of the fold.
pub fn of(found: &[guard::Finding]) -> Vec<Finding> {
    let row = |f: &guard::Finding| (f.guard.to_owned(), f.host.clone(), f.level, f.message.clone(), f.cure.clone());
    found.iter().map(row).collect()
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
        text = lay_out(&rows, look);
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
        let verdict = word(at.2);
        if !line.trim_start().starts_with(&format!("{verdict} ")) {
            return line.to_owned();
        }
        next.next();
        let painted = match at.2 {
            Level::Fail => look.bad(verdict),
            Level::Pass => look.good(verdict),
            Level::Warn | Level::Overridden => look.warn(verdict),
        };
        line.replacen(verdict, &painted, 1)
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
    fn a_narrow_terminal_wraps_the_words_and_keeps_the_names_whole() {
        let look = Look { width: Some(72), ascii: true, ..Look::default() };
        insta::assert_snapshot!(table(&fixture::refused().1.findings, look), @"
        ------------------------------------------------------------------------
                   guard        host      what was found      what to do
        ========================================================================
         FAIL      free-space   cass1     2.6 GiB needed on   free 1.7 GiB on
                                          /var/lib/cassandr   cass1, or name a
                                          a, 0.9 GiB free     smaller set with
                                                              -k
        ------------------------------------------------------------------------
         FAIL      ring         cluster   the ring has 4      add the node to
                                          nodes, the          the inventory, or
                                          inventory 3:        remove it from
                                          10.77.0.14 is not   the ring with
                                          in it               nodetool
                                                              removenode
        ------------------------------------------------------------------------
         warning   clock        cass3     the clock is 1.8    start chronyd on
                                          s behind the        cass3
                                          coordinator's
        ------------------------------------------------------------------------

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
