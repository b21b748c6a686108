//! Traces: whether somebody asks for them, in the variables that OpenTelemetry gives for it, and
//! what a build does that can or cannot send them.

#[cfg(feature = "otlp")]
mod exporter;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod parent;
#[cfg(not(feature = "otlp"))]
mod without;

use std::env;

use tracing_subscriber::{Layer, Registry};

#[cfg(feature = "otlp")]
pub(crate) use self::otlp::Traces;
#[cfg(not(feature = "otlp"))]
pub(crate) use self::without::Traces;

/// What collects spans.
pub(crate) type Collector = Box<dyn Layer<Registry> + Send + Sync>;

/// Where traces go, from the more special to the more general.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// A variable that says something; one that is empty does not.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where traces are to be sent, if they are.
fn endpoint() -> Option<String> {
    wanted(variable)
}

fn wanted(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"))
        || variable("OTEL_TRACES_EXPORTER").is_some_and(|exporter| exporter != "otlp");
    if is_off { None } else { ENDPOINTS.into_iter().find_map(variable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<String> {
        wanted(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn traces_are_sent_where_an_endpoint_is_named_and_nobody_says_no() {
        let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a");
        let special = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[general]).as_deref(), Some("http://a"));
        assert_eq!(of(&[general, special]).as_deref(), Some("http://b"));
        assert_eq!(of(&[general, ("OTEL_SDK_DISABLED", "True")]), None);
        assert_eq!(of(&[general, ("OTEL_TRACES_EXPORTER", "none")]), None);
        assert!(of(&[general, ("OTEL_TRACES_EXPORTER", "otlp")]).is_some());
    }
}
