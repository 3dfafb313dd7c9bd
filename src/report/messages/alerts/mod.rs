//! What people read about alerts. Everything that comes from a source – names, labels, annotations, links – is a stranger's
//! text: it goes through [`words::foreign`] or [`Text`](crate::report::Text)'s own methods, nothing else.

mod acting;
mod crowd;
mod incident;
mod list;
mod note;
mod own;
mod round;
mod subscription;
mod why;
mod words;
mod wrong;

pub use acting::*;
pub use crowd::{DigestKind, DigestView, StormView, digest, flood, storm};
pub use incident::{Remedy, RemedyEnd, View, incident, incident_field};
pub use list::{
    Beat, LastDelivery, List, alerts_list, incident_story, no_incident_open, no_such_incident,
    no_such_severity, which_incident,
};
pub use note::{HealDrop, HealStop, Note, note};
pub use own::own;
pub use round::{Part, PartState, Round, loop_digest};
pub use subscription::*;
pub use why::{DryRun, EscalationTo, OwnerRule, Place, Told, Verdict, why_alert};
pub use words::{Reader, severity, state};
pub use wrong::{matchers_wrong, silence_untranslatable, wish_wrong};

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod promise_tests;
#[cfg(test)]
mod tests;
