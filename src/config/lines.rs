//! Which lines of two texts differ. Pure: the longest common subsequence, after what is equal at both ends.

/// A line that only one of the two has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Of the first, by its number from 0.
    Old(usize),
    /// Of the second.
    New(usize),
}

/// A table larger than this is not made: then all between the equal ends counts as different.
const LARGEST: usize = 4 << 20;

pub(super) fn differing(old: &[&str], new: &[&str]) -> Vec<Line> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..], &new[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let width = b.len() + 1;
    let whole = (a.len() + 1).saturating_mul(width) <= LARGEST;
    // longest[i][j]: how much a[i..] and b[j..] have in common
    let mut longest = vec![0_u32; if whole { (a.len() + 1) * width } else { 0 }];
    if whole {
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i * width + j] = if a[i] == b[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut told = vec![];
    while i < a.len() || j < b.len() {
        if whole && i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || !whole || longest[(i + 1) * width + j] >= longest[i * width + j + 1])
        {
            told.push(Line::Old(head + i));
            i += 1;
        } else {
            told.push(Line::New(head + j));
            j += 1;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_differ_are_told() {
        let old = ["a", "b", "c", "d"];
        assert_eq!(differing(&old, &old), []);
        assert_eq!(differing(&old, &["a", "x", "c", "d"]), [Line::Old(1), Line::New(1)]);
        assert_eq!(differing(&old, &["a", "c", "d", "e"]), [Line::Old(1), Line::New(3)]);
        assert_eq!(differing(&[], &["a"]), [Line::New(0)]);
        let (long, other): (Vec<String>, Vec<String>) =
            ((0..3000).map(|n| n.to_string()).collect(), vec!["x".into(); 3000]);
        let (long, other): (Vec<&str>, Vec<&str>) =
            (long.iter().map(String::as_str).collect(), other.iter().map(String::as_str).collect());
        assert_eq!(differing(&long, &other).len(), 6000);
    }

    proptest::proptest! {
        #[test]
        fn what_is_left_of_both_is_the_same(old in proptest::collection::vec("[abc]", 0..12), new in proptest::collection::vec("[abc]", 0..12)) {
            let (old, new): (Vec<&str>, Vec<&str>) = (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
            let told = differing(&old, &new);
            let rest = |all: &[&str], gone: &dyn Fn(usize) -> Line| -> Vec<String> {
                all.iter().enumerate().filter(|(n, _)| !told.contains(&gone(*n))).map(|(_, line)| (*line).to_owned()).collect()
            };
            proptest::prop_assert_eq!(rest(&old, &Line::Old), rest(&new, &Line::New));
        }
    }
}
