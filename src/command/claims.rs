//! Which claims a person means.

use unlearn::claim::Claim;
use unlearn::error::{Error, Result};

/// The claims named: by id, or else by the beginning of an id, or else by any part of it. All of them
/// when nothing is named. The order is that of the registry.
pub(super) fn select(all: &[Claim], names: &[String]) -> Result<Vec<Claim>> {
    if names.is_empty() {
        return Ok(all.to_vec());
    }
    let mut wanted = vec![false; all.len()];
    for name in names {
        let tests: [&dyn Fn(&str) -> bool; 3] =
            [&|id| id == name, &|id| id.starts_with(name.as_str()), &|id| id.contains(name.as_str())];
        let found = tests
            .iter()
            .map(|test| (0..all.len()).filter(|&i| test(all[i].id)).collect::<Vec<_>>())
            .find(|found| !found.is_empty() && !name.is_empty())
            .ok_or_else(|| unknown(all, name))?;
        found.into_iter().for_each(|i| wanted[i] = true);
    }
    Ok((0..all.len()).filter(|&i| wanted[i]).map(|i| all[i]).collect())
}

fn unknown(all: &[Claim], name: &str) -> Error {
    // Up to a third of the letters wrong still counts as a typing error.
    let near = |id: &str| edits(id, name) <= name.chars().count().div_ceil(3);
    let similar: Vec<&str> = all.iter().map(|c| c.id).filter(|id| near(id)).collect();
    let (what, ids) = if similar.is_empty() {
        ("the claims are", all.iter().map(|c| c.id).collect())
    } else {
        ("did you mean", similar)
    };
    Error::Invalid(format!("there is no claim '{name}'; {what} {}", ids.join(", ")))
}

/// Letters to insert, delete or replace to turn one word into the other (Levenshtein's distance).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_known_words() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn an_id_wins_over_longer_ids_that_begin_with_it() {
        let all = unlearn::claim::all();
        let ids = |names: &[&str]| -> Vec<&str> {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            select(&all, &names).unwrap().iter().map(|c| c.id).collect()
        };
        assert_eq!(ids(&["sgd-convex"]), ["sgd-convex"]);
        assert!(ids(&["sgd-"]).len() > 3);
        assert_eq!(ids(&["strongly"]), ["sgd-strongly-convex"]);
        assert_eq!(ids(&["sgd-noop", "sgd-convex", "sgd-noop"]), ["sgd-convex", "sgd-noop"]);
        assert_eq!(ids(&[]).len(), all.len());
        let error = select(&all, &["sgd-convx".into()]).err().unwrap().to_string();
        assert!(error.contains("did you mean sgd-convex"), "{error}");
        assert!(select(&all, &[String::new()]).is_err());
    }
}
