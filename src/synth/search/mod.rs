//! Finding a patch whose sound is near a given one.
//!
//! Patches are drawn, rendered and compared with the sound; from the nearest of them several evolution strategies go on side by
//! side ([`lanes`]), each of which draws patches around a mean and moves the mean, the step size and the spread of every
//! parameter by the better half of them ([`strategy`]). All that is drawn follows from the seed, and sounds of one generation
//! are compared on all threads: the result is the same on any number of them.
//!
//! Gradients are not used. `scripts/gradients_in_search.rhai` measures why: a step along the gradient costs what some two hundred
//! sounds of the search cost, and from the patches that a search has found it seldom leads nearer, while the search that goes on
//! for half that time does.

mod distance;
mod find;
mod lanes;
mod options;
mod strategy;

pub use distance::Distance;
pub use find::Found;
pub use options::SearchOptions;
