#![doc = include_str!("../README.md")]

mod amend;
mod ask;
mod catalogue;
mod classifier;
mod clause;
mod cues;
pub mod eval;
mod fill;
mod grammar;
mod ground;
mod inventory;
mod json;
mod lang;
mod model;
mod mood;
mod names;
mod nearest;
mod reading;
mod remarks;
mod resolve;
#[cfg(test)]
mod roundtrip;
mod sense;
mod stand_in;
mod suspect;
mod template;
mod text;
mod understanding;

pub use amend::Amendment;
pub use catalogue::{
    Bilingual, Catalogue, CatalogueError, Finding, IntentSpec, RiskSource, Slot, SlotType, Text,
    schema as catalogue_schema,
};
pub use fill::Reply;
pub use inventory::{Inventory, Thing};
pub use lang::Lang;
pub use model::{
    Aids, Capabilities, Class, Model, ModelAnswer, ModelError, ModelRequest, OllamaModel, OpenAiModel, Said,
    ScriptedModel, chat, fence, keeps_to_schema, prompt_hash, prompt_version,
};
pub use names::Names;
pub use reading::{Ask, Candidate, Choice, Intent, NoneReason, Outcome, Question, Reading, Slots, Trace};
pub use sense::Sense;
pub use understanding::Understanding;
