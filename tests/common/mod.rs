//! What the integration tests share: cases, an independent textbook network, and a comparator.

// Every test binary compiles this module and none uses all of it.
#![allow(dead_code)]

pub(crate) mod case;
pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod generate;
pub(crate) mod golden;
pub(crate) mod number;
pub(crate) mod oracle;
pub(crate) mod textbook;
