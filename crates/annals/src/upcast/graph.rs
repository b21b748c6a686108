//! All rules as a graph: which stored forms lead to which of today's, and that none leads in a
//! circle.
//!
//! A node is a type in a schema version. Only versions that some rule names are told apart; all
//! others behave alike and share one number that no rule names.

use std::collections::{BTreeSet, HashMap};

use annals_core::{EventType, Result};

use super::{fault::contradiction, rule::Rule};

#[derive(Debug)]
pub(super) struct Graph {
    types: HashMap<EventType, usize>,
    names: Vec<EventType>,
    versions: Vec<u32>,
    nodes: Vec<Node>,
    sources: Vec<Vec<usize>>,
}

/// A type in a schema version.
#[derive(Debug, Default, Clone)]
pub(super) struct Node {
    /// The rule for it, by number.
    pub(super) rule: Option<usize>,
    /// The rules with context that may be met from here on, in the order of the rules.
    pub(super) contexts: Vec<usize>,
    next: Vec<usize>,
    previous: Vec<usize>,
}

impl Graph {
    /// The graph of the rules.
    ///
    /// # Errors
    /// `InvalidArgument` for two rules for one form, and for rules that lead in a circle.
    pub(super) fn new(rules: &[Rule]) -> Result<Self> {
        let mut graph = Self::without_edges(rules);
        graph.place(rules)?;
        graph.connect(rules);
        let order = graph.ends_first(rules)?;
        graph.spread_contexts(rules, &order);
        graph.sources = graph.find_sources();
        Ok(graph)
    }

    /// The node of a form; `None` when no rule names the type.
    pub(super) fn node(&self, event_type: &EventType, version: u32) -> Option<&Node> {
        let of_type = *self.types.get(event_type)?;
        self.nodes.get(self.index(of_type, version))
    }

    /// The stored types that may become one of these, each once, in a fixed order.
    pub(super) fn sources(&self, types: &[EventType]) -> Vec<EventType> {
        let mut reached: BTreeSet<usize> = BTreeSet::new();
        let mut stored: Vec<EventType> = Vec::new();
        for name in types {
            match self.types.get(name).and_then(|of_type| self.sources.get(*of_type)) {
                Some(sources) => reached.extend(sources),
                None => stored.push(name.clone()),
            }
        }
        stored.extend(reached.into_iter().filter_map(|of_type| self.names.get(of_type).cloned()));
        stored
    }

    /// For each type, the types stored events of which may end as it.
    fn find_sources(&self) -> Vec<Vec<usize>> {
        let is_end = |index: &usize| self.nodes.get(*index).is_some_and(|node| node.rule.is_none());
        let sources = |of_type| {
            let nodes = self.backward(self.of_type(of_type).filter(is_end).collect());
            let types = nodes.into_iter().map(|index| index / self.versions.len());
            types.collect::<BTreeSet<usize>>().into_iter().collect()
        };
        (0..self.names.len()).map(sources).collect()
    }

    /// The rules that events of these types may have come through, or would go through, in order.
    pub(super) fn rules_of(&self, types: &[EventType]) -> BTreeSet<usize> {
        let known = types.iter().filter_map(|name| self.types.get(name));
        let nodes = self.backward(known.flat_map(|of| self.of_type(*of)).collect());
        nodes.into_iter().filter_map(|index| self.nodes.get(index)?.rule).collect()
    }

    fn without_edges(rules: &[Rule]) -> Self {
        let mut types = HashMap::new();
        let mut names = Vec::new();
        let mut versions = BTreeSet::from([1]);
        let mut note = |name: &EventType| {
            types.entry(name.clone()).or_insert_with(|| {
                names.push(name.clone());
                names.len() - 1
            });
        };
        for rule in rules {
            note(&rule.source);
            versions.extend(rule.version);
            // The targets of a rule for any version say nothing about versions.
            for (name, version) in rule.targets(rule.version.unwrap_or(1)) {
                note(&name);
                versions.insert(version);
            }
        }
        let unnamed = (1..=u32::MAX).find(|version| !versions.contains(version));
        let versions: Vec<u32> = versions.into_iter().chain(unnamed).collect();
        let nodes = vec![Node::default(); names.len() * versions.len()];
        Self { types, names, versions, nodes, sources: Vec::new() }
    }

    /// The named versions stand first, in order; the one for all others is the last.
    fn index(&self, of_type: usize, version: u32) -> usize {
        let last = self.versions.len() - 1;
        let named = self.versions.get(..last).unwrap_or_default();
        of_type * self.versions.len() + named.binary_search(&version).unwrap_or(last)
    }

    fn of_type(&self, of_type: usize) -> std::ops::Range<usize> {
        let count = self.versions.len();
        of_type * count..(of_type + 1) * count
    }

    /// Gives each form its rule: one for its very version goes before one for any.
    fn place(&mut self, rules: &[Rule]) -> Result<()> {
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by_key(|&at| rules.get(at).is_some_and(|rule| rule.version.is_none()));
        for at in order {
            let Some(rule) = rules.get(at) else { continue };
            let Some(&of_type) = self.types.get(&rule.source) else { continue };
            let nodes = match rule.version {
                Some(version) => {
                    let index = self.index(of_type, version);
                    index..index + 1
                }
                None => self.of_type(of_type),
            };
            for node in self.nodes.get_mut(nodes).unwrap_or_default() {
                let other = node.rule.and_then(|other| rules.get(other));
                match other.filter(|other| other.version.is_some() == rule.version.is_some()) {
                    Some(other) => {
                        let message = "two rules are for the same stored events";
                        return Err(contradiction(message, &[other, rule]));
                    }
                    None => node.rule = node.rule.or(Some(at)),
                }
            }
        }
        Ok(())
    }

    fn connect(&mut self, rules: &[Rule]) {
        for from in 0..self.nodes.len() {
            let Some(rule) = self.rule_at(from, rules) else { continue };
            let version = self.versions.get(from % self.versions.len()).copied().unwrap_or(1);
            for (name, version) in rule.targets(version) {
                let Some(&of_type) = self.types.get(&name) else { continue };
                let to = self.index(of_type, version);
                if let Some(node) = self.nodes.get_mut(from) {
                    node.next.push(to);
                }
                if let Some(node) = self.nodes.get_mut(to) {
                    node.previous.push(from);
                }
            }
        }
    }

    fn rule_at<'r>(&self, node: usize, rules: &'r [Rule]) -> Option<&'r Rule> {
        rules.get(self.nodes.get(node)?.rule?)
    }

    /// All nodes, each after those it leads to.
    fn ends_first(&self, rules: &[Rule]) -> Result<Vec<usize>> {
        let mut open: Vec<usize> = self.nodes.iter().map(|node| node.next.len()).collect();
        let mut order: Vec<usize> = Vec::with_capacity(self.nodes.len());
        order.extend((0..self.nodes.len()).filter(|node| open.get(*node) == Some(&0)));
        let mut done = 0;
        while let Some(node) = order.get(done).and_then(|node| self.nodes.get(*node)) {
            done += 1;
            for &previous in &node.previous {
                if let Some(open) = open.get_mut(previous) {
                    *open -= 1;
                    if *open == 0 {
                        order.push(previous);
                    }
                }
            }
        }
        if order.len() == self.nodes.len() { Ok(order) } else { Err(self.circle(&open, rules)) }
    }

    /// The error for rules that lead in a circle. Every open node leads to an open one.
    fn circle(&self, open: &[usize], rules: &[Rule]) -> annals_core::Error {
        let is_open = |node: &usize| open.get(*node).is_some_and(|open| *open > 0);
        let mut path: Vec<usize> = Vec::new();
        let mut node = (0..open.len()).find(is_open);
        while let Some(at) = node.filter(|at| !path.contains(at)) {
            path.push(at);
            node = self.nodes.get(at).and_then(|node| node.next.iter().copied().find(is_open));
        }
        let begin = path.iter().position(|at| Some(*at) == node).unwrap_or(0);
        let circle: Vec<&Rule> =
            path.iter().skip(begin).filter_map(|at| self.rule_at(*at, rules)).collect();
        contradiction("these rules lead in a circle", &circle)
    }

    fn spread_contexts(&mut self, rules: &[Rule], order: &[usize]) {
        for &at in order {
            let rule = self.nodes.get(at).and_then(|node| node.rule);
            let own = rule.filter(|rule| rules.get(*rule).is_some_and(|r| r.context().is_some()));
            let Some(node) = self.nodes.get(at) else { continue };
            let next = node.next.iter().filter_map(|next| self.nodes.get(*next));
            let all: BTreeSet<usize> =
                next.flat_map(|next| next.contexts.iter().copied()).chain(own).collect();
            if let Some(node) = self.nodes.get_mut(at) {
                node.contexts = all.into_iter().collect();
            }
        }
    }

    /// Everything that leads to these nodes, and they themselves.
    fn backward(&self, from: Vec<usize>) -> BTreeSet<usize> {
        let mut seen: BTreeSet<usize> = from.iter().copied().collect();
        let mut todo = from;
        while let Some(node) = todo.pop().and_then(|node| self.nodes.get(node)) {
            todo.extend(node.previous.iter().filter(|previous| seen.insert(**previous)));
        }
        seen
    }
}
