//! Generated from the field options of `proto/baton/v1` by the build script.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

use baton_domain::section::{Class, SectionKind};

use super::{Enum, Field, FieldRule, Kind, Message, Need, Section, Together, Value};
use crate::v1;

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
