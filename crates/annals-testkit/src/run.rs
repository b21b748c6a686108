//! The runner: every case for every backend, listed by name.

use std::{process::ExitCode, sync::Arc, time::Duration};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::{Case, Harness, Store, conformance, deadline, model, races};

/// Far more than any case takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Every case there is.
#[must_use]
pub fn cases() -> Vec<Case> {
    let others = races::CASES.iter().chain(model::TOPICS).copied().flatten().copied();
    conformance::cases().chain(others).collect()
}

/// Runs every case for each backend, as the arguments of the process say; those of `cargo test`.
#[must_use]
pub fn run(harnesses: Vec<Box<dyn Harness>>) -> ExitCode {
    let required = Required::new(std::env::var("ANNALS_REQUIRE").unwrap_or_default());
    let mut trials = Vec::new();
    for harness in harnesses {
        let harness: Arc<dyn Harness> = harness.into();
        let missing = harness.missing();
        for case in cases() {
            let name = format!("{}::{}::{}", harness.name(), case.topic, case.name);
            trials.push(match missing.clone() {
                None => present(name, Arc::clone(&harness), case),
                Some(reason) => absent(name, reason, required.names(harness.name())),
            });
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn present(name: String, harness: Arc<dyn Harness>, case: Case) -> Trial {
    Trial::ignorable_test(name.clone(), move || {
        let done = deadline::within(DEADLINE * model::patience(), &name, move || {
            if let Some(why) = harness.cannot(&case) {
                return Some(why.to_owned());
            }
            let store = Store::begin(harness);
            let unmet = case.unmet(&store.backend().capabilities());
            if unmet.is_none() {
                (case.run)(&store);
            }
            unmet.map(|need| format!("no {}", need.capability()))
        });
        Ok(match done.map_err(Failed::from)? {
            None => Completion::Completed,
            Some(why) => Completion::ignored_with(why),
        })
    })
}

fn absent(name: String, reason: String, is_required: bool) -> Trial {
    Trial::ignorable_test(name, move || {
        if is_required {
            return Err(format!("ANNALS_REQUIRE asks for this backend, but {reason}").into());
        }
        Ok(Completion::ignored_with(reason))
    })
}

/// The backends that must be there: a list with commas, or `all`.
struct Required(String);

impl Required {
    fn new(list: String) -> Self {
        Self(list)
    }

    fn names(&self, backend: &str) -> bool {
        self.0.split(',').map(str::trim).any(|name| name == backend || name == "all")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_backends_are_listed_by_name_or_all_at_once() {
        let check = |list: &str, backend| Required::new(list.to_owned()).names(backend);
        assert!(check("postgres, cluster", "cluster"));
        assert!(check("all", "cluster"));
        assert!(!check("postgres", "post"));
        assert!(!check("", "postgres"));
    }

    #[test]
    fn no_case_is_listed_twice() {
        let mut names: Vec<_> = cases().iter().map(|case| (case.topic, case.name)).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
