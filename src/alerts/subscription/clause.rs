//! The conditions that the words of one clause add up to.

use crate::alerts::{Matcher, MatcherError, Matchers, Operator, Severity};

/// What is wanted, or what is excepted from it.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    matchers: Vec<Matcher>,
    severities: Vec<Severity>,
    alerts: Vec<String>,
    /// One of each list must be what the alert is about.
    things: Vec<Vec<String>>,
    link: Link,
    last: Option<Subject>,
}

/// What stands between two names.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Link {
    #[default]
    Nothing,
    /// `pi4 and pi5`: either.
    Or,
    /// `jellyfin on pi4`: both.
    On,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Alert,
    Thing,
}

impl Conditions {
    pub(super) fn is_empty(&self) -> bool {
        self.matchers.is_empty()
            && self.severities.is_empty()
            && self.alerts.is_empty()
            && self.things.is_empty()
    }

    pub(super) fn or(&mut self) {
        self.link = Link::Or;
    }

    pub(super) fn on(&mut self) {
        // `of pi4 and of pi5` are still two.
        if self.link == Link::Nothing {
            self.link = Link::On;
        }
    }

    pub(super) fn matcher(&mut self, matcher: Matcher) {
        self.matchers.push(matcher);
        (self.link, self.last) = (Link::Nothing, None);
    }

    pub(super) fn severity(&mut self, severity: Severity) {
        self.severities.push(severity);
        (self.link, self.last) = (Link::Nothing, None);
    }

    pub(super) fn alert(&mut self, name: String) {
        match self.things.last_mut() {
            Some(things) if self.link == Link::Or && self.last == Some(Subject::Thing) => things.push(name),
            _ => {
                self.alerts.push(name);
                self.last = Some(Subject::Alert);
            }
        }
        self.link = Link::Nothing;
    }

    pub(super) fn thing(&mut self, name: String) {
        match self.things.last_mut() {
            // `about` looks at the alert's name, too.
            _ if self.link == Link::Or && self.last == Some(Subject::Alert) => {
                let mut either = std::mem::take(&mut self.alerts);
                either.push(name);
                self.things.push(either);
            }
            Some(things) if self.link != Link::On => things.push(name),
            _ => self.things.push(vec![name]),
        }
        (self.link, self.last) = (Link::Nothing, Some(Subject::Thing));
    }

    /// What is wanted: of several severities the mildest, and what is worse.
    pub(super) fn wanted(mut self) -> Result<Matchers, MatcherError> {
        let mildest = std::mem::take(&mut self.severities).into_iter().min_by_key(Severity::rank);
        let bounds = mildest.map(|severity| vec![(Operator::AtLeast, severity)]);
        self.finish(bounds.unwrap_or_default())
    }

    /// What is not: exactly the severities that are named, but with the mildest words what is milder, and with the worst what is worse.
    pub(super) fn excepted(mut self) -> Result<Matchers, MatcherError> {
        let named = std::mem::take(&mut self.severities);
        let mildest = named.iter().min_by_key(|severity| severity.rank());
        let worst = named.iter().max_by_key(|severity| severity.rank());
        let mut bounds = Vec::new();
        if let (Some(mildest), Some(worst)) = (mildest, worst) {
            if mildest.rank() > 1 {
                bounds.push((Operator::AtLeast, mildest.clone()));
            }
            if worst.rank() < 4 {
                bounds.push((Operator::AtMost, worst.clone()));
            }
        }
        self.finish(bounds)
    }

    fn finish(self, bounds: Vec<(Operator, Severity)>) -> Result<Matchers, MatcherError> {
        let mut all = self.matchers;
        let bounds =
            bounds.iter().map(|(order, severity)| Matcher::new("severity", *order, severity.as_str()));
        let alerts = (!self.alerts.is_empty()).then(|| Matcher::one_of("alertname", &self.alerts));
        let things = self.things.iter().map(|names| Matcher::one_of("about", names));
        for matcher in bounds.chain(alerts).chain(things) {
            all.push(matcher.map_err(|fault| MatcherError::new(0, fault))?);
        }
        Ok(all.into())
    }
}
