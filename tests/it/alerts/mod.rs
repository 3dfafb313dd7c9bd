//! Alerts as monitoring systems deliver them and as people meet them. Most stories play in one lab, each with alerts of its own.

mod ack;
mod delivered;
mod duty;
mod flap;
mod hostile;
mod kills;
mod life;
mod payload;
mod person;
mod quiet;
mod rights;
mod scene;
mod short;
mod silence;
mod silence_end;
mod sources;
mod storm;
mod subscribe;
mod why;

use payload::Alert;
use scene::Scene;
