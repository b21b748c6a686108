//! Which services must be there: `ANNALS_REQUIRE`, a list with commas, or `all`.

use std::env;

/// Whether `ANNALS_REQUIRE` names `service` or says `all`.
///
/// A test whose service is missing is then a failure instead of an ignored test.
#[must_use]
pub fn is_required(service: &str) -> bool {
    names(&env::var("ANNALS_REQUIRE").unwrap_or_default(), service)
}

fn names(list: &str, service: &str) -> bool {
    list.split(',').map(str::trim).any(|name| name == service || name == "all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_required_by_name_or_all_at_once() {
        assert!(names("data, postgres", "postgres"));
        assert!(names("all", "postgres"));
        assert!(!names("postgresql", "postgres"));
        assert!(!names("", "postgres"));
    }
}
