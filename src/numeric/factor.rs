//! factor
