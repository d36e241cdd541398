//! Which clips are mixed with which.

use super::similarity::{check_count, check_share};
use crate::Error;

/// Which clips of a batch are mixed, and how much each keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixing {
    /// Share of its own that every clip keeps.
    pub kept: f64,
    /// For every clip the one that it gets the rest from; itself for a clip that stays as it is.
    pub partner: Vec<usize>,
}

impl Mixing {
    pub(super) fn check(&self, rows: usize) -> Result<(), Error> {
        check_share("lambda", self.kept)?;
        check_count("partners", self.partner.len(), rows, "row")?;
        match self.partner.iter().find(|&&partner| partner >= rows) {
            Some(partner) => {
                let want = format!("below {rows}, the number of rows");
                Err(Error::range("partner", want, partner))
            }
            None => Ok(()),
        }
    }
}
