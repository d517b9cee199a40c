//! Expected costs in closed form.
