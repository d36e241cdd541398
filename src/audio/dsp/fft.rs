//! Real FFTs whose plans are made once per size and thread.

use super::LaneScratch;
use auricle_fft::num_complex::Complex32;
use auricle_fft::{Planner, RealToComplex};
use std::cell::RefCell;
use std::sync::Arc;

/// A forward real FFT of one size. Plans are shared between all users of a size on a thread.
#[derive(Clone)]
pub struct Fft {
    plan: Arc<dyn RealToComplex<f32>>,
}

/// Buffers of an [`Fft`], kept by the caller so that no transform allocates.
#[derive(Default)]
pub struct FftScratch {
    /// The windowed frame; overwritten by the transform.
    pub input: Vec<f32>,
    /// The spectrum, `n / 2 + 1` bins.
    pub output: Vec<Complex32>,
    work: Vec<Complex32>,
    /// For frames that are transformed together.
    pub(super) lanes: LaneScratch,
    /// Frames on their way there, one after the other.
    pub(super) rows: Vec<f32>,
}

impl FftScratch {
    /// The spectra of frames that were transformed side by side.
    pub fn lanes_mut(&mut self) -> &mut LaneScratch {
        &mut self.lanes
    }
}

impl Fft {
    /// The transform of `n` real samples, `n >= 1`.
    pub fn new(n: usize) -> Fft {
        thread_local! {
            static PLANNER: RefCell<Planner> = RefCell::new(Planner::new());
        }
        Fft {
            plan: PLANNER.with_borrow_mut(|planner| planner.real_forward(n)),
        }
    }

    /// Number of real samples.
    pub fn n(&self) -> usize {
        self.plan.len()
    }

    /// Makes the buffers fit this transform.
    pub fn prepare(&self, scratch: &mut FftScratch) {
        scratch.input.resize(self.plan.len(), 0.0);
        scratch
            .output
            .resize(self.plan.len() / 2 + 1, Complex32::default());
        scratch
            .work
            .resize(self.plan.get_scratch_len(), Complex32::default());
    }

    /// Transforms `scratch.input` into `scratch.output`, after [`Fft::prepare`].
    pub fn run(&self, scratch: &mut FftScratch) {
        self.plan
            .process_with_scratch(&mut scratch.input, &mut scratch.output, &mut scratch.work)
            .expect("the buffers fit: see `prepare`");
    }
}

impl std::fmt::Debug for Fft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fft({})", self.n())
    }
}
