//! Random sets of rules against the simplest thing that could be right: follow them by hand.

use std::collections::HashMap;

use annals::Upcasters;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{shown, stored};

#[derive(Debug, Clone)]
enum Rule {
    Rename(usize),
    RenameVersion(usize, u32),
    Lift,
    Split(Vec<(usize, u32)>),
    Drop,
}

const TYPES: [&str; 5] = ["a", "b", "c", "d", "e"];
const VERSIONS: u32 = 4;

/// Rules by type, and by schema version for those of one version only.
type Rules = HashMap<(usize, Option<u32>), Rule>;

fn rules() -> impl Strategy<Value = Rules> {
    let of_type = 0..TYPES.len();
    let form = (of_type.clone(), 1..=VERSIONS);
    let of_version = prop_oneof![
        3 => Just(Rule::Lift),
        1 => form.clone().prop_map(|(to, version)| Rule::RenameVersion(to, version)),
        1 => prop::collection::vec(form, 0..3).prop_map(Rule::Split),
    ];
    let of_any = prop_oneof![3 => of_type.clone().prop_map(Rule::Rename), 1 => Just(Rule::Drop)];
    let one = prop_oneof![
        2 => ((of_type.clone(), (1..=VERSIONS).prop_map(Some)), of_version),
        1 => ((of_type, Just(None)), of_any),
    ];
    prop::collection::hash_map(any::<u64>(), one, 0..8)
        .prop_map(|rules| rules.into_values().collect())
}

fn build(rules: &Rules) -> Upcasters {
    let mut upcasters = Upcasters::new();
    for (&(from, version), rule) in rules {
        let name = TYPES[from];
        let version = version.unwrap_or(0);
        upcasters = match rule.clone() {
            Rule::Rename(to) => upcasters.rename(name, TYPES[to]),
            Rule::RenameVersion(to, new) => upcasters.rename_version(name, version, TYPES[to], new),
            Rule::Lift => upcasters.lift(name, version, super::note("l")),
            Rule::Split(mut into) => {
                // A type stands in a split in one version.
                into.sort_unstable();
                into.dedup_by_key(|(to, _)| *to);
                let parts: Vec<_> = into.iter().map(|(to, new)| (TYPES[*to], *new)).collect();
                let names: Vec<_> = parts.iter().map(|(to, _)| *to).collect();
                upcasters.split(name, version, parts, move |_, json| {
                    Ok(names.iter().map(|name| (*name, json.clone())).collect())
                })
            }
            Rule::Drop => upcasters.drop(name),
        };
    }
    upcasters
}

/// Follows the rules; `None` when that takes too long to end.
fn follow(
    rules: &Rules,
    (of, version): (usize, u32),
    lifts: usize,
    steps: usize,
) -> Option<Vec<(usize, u32, usize)>> {
    let steps = steps.checked_sub(1)?;
    let rule = rules.get(&(of, Some(version))).or_else(|| rules.get(&(of, None)));
    match rule {
        None => Some(vec![(of, version, lifts)]),
        Some(Rule::Rename(to)) => follow(rules, (*to, version), lifts, steps),
        Some(Rule::RenameVersion(to, new)) => follow(rules, (*to, *new), lifts, steps),
        Some(Rule::Lift) => follow(rules, (of, version + 1), lifts + 1, steps),
        Some(Rule::Drop) => Some(Vec::new()),
        Some(Rule::Split(into)) => {
            let mut into = into.clone();
            into.sort_unstable();
            into.dedup_by_key(|(to, _)| *to);
            let mut all = Vec::new();
            for form in into {
                all.extend(follow(rules, form, lifts, steps)?);
            }
            Some(all)
        }
    }
}

proptest! {
    #[test]
    fn rules_do_what_following_them_by_hand_does(rules in rules()) {
        let upcasters = build(&rules);
        // More steps than there are forms: whoever takes as many goes in a circle.
        let limit = TYPES.len() * (VERSIONS as usize + 3);
        let forms = (0..TYPES.len()).flat_map(|of| (1..=VERSIONS + 2).map(move |v| (of, v)));
        let followed: Vec<_> =
            forms.map(|form| (form, follow(&rules, form, 0, limit))).collect();
        let is_circle = followed.iter().any(|(_, ends)| ends.is_none());
        prop_assert_eq!(upcasters.check().is_err(), is_circle);
        for ((of, version), ends) in followed {
            let Some(ends) = ends.filter(|_| !is_circle) else { continue };
            let events = upcasters.upcast(&[], &stored(TYPES[of], version, &json!([]))).unwrap();
            let seen: Vec<_> = events.iter().map(shown).collect();
            let expected: Vec<(String, u32, Value)> = ends
                .into_iter()
                .map(|(of, version, lifts)| (TYPES[of].to_owned(), version, json!(vec!["l"; lifts])))
                .collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
