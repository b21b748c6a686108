//! All rules, with the graph that they make.

use std::sync::{Arc, OnceLock};

use annals_core::{Error, EventType, Result};

use super::{graph::Graph, rule::Rule};

/// The rules in the order they were added.
#[derive(Clone, Default)]
pub(super) struct Table {
    pub(super) rules: Vec<Rule>,
    /// What was wrong with a rule when it was added; the first counts.
    problem: Option<Error>,
    /// Made when it is first needed.
    graph: OnceLock<Result<Arc<Graph>>>,
}

impl Table {
    /// Notes what is wrong with a rule.
    pub(super) fn problem(&mut self, error: Error) {
        self.problem.get_or_insert(error);
    }

    /// Makes place for a change.
    pub(super) fn change(&mut self) -> &mut Self {
        self.graph = OnceLock::new();
        self
    }

    pub(super) fn graph(&self) -> Result<&Graph> {
        let make = || match &self.problem {
            Some(error) => Err(error.clone()),
            None => Graph::new(&self.rules).map(Arc::new),
        };
        self.graph.get_or_init(make).as_deref().map_err(Clone::clone)
    }

    /// The rule for a form.
    pub(super) fn rule(&self, event_type: &EventType, version: u32) -> Result<Option<&Rule>> {
        let node = self.graph()?.node(event_type, version);
        Ok(node.and_then(|node| self.rules.get(node.rule?)))
    }

    /// Whether nothing was added.
    pub(super) const fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.problem.is_none()
    }
}
