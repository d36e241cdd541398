//! Expressions as networks.

use super::*;
