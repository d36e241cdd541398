//! A network that several hold, and that training changes for all of them.

use super::Network;
use burn::module::Module;
use std::sync::{Arc, Mutex, MutexGuard};

/// A network that its holders share.
///
/// What it holds is replaced, never changed in place: a network that someone has taken out, for a
/// forward pass say, stays as it is while the next step puts another one here. Taking one out
/// copies no weights, only references to them.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    network: Network,
    /// Whether it stands on a device that differentiates.
    is_training: bool,
    /// Whether another one was put in its place.
    is_changed: bool,
}

impl Shared {
    /// A network that is not under training, held by nobody else.
    pub(super) fn new(network: Network) -> Shared {
        Shared(Arc::new(Mutex::new(State {
            network,
            is_training: false,
            is_changed: false,
        })))
    }

    /// The network as it is now, held by nobody else and not under training.
    pub(super) fn copy(&self) -> Shared {
        let state = self.lock();
        Shared(Arc::new(Mutex::new(State {
            network: state.network.valid(),
            is_training: false,
            is_changed: state.is_changed,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The network as it is now.
    pub(super) fn get(&self) -> Network {
        self.lock().network.clone()
    }

    /// Puts another network in its place.
    pub(super) fn set(&self, network: Network) {
        let mut state = self.lock();
        state.network = network;
        state.is_changed = true;
    }

    /// Changes how the network is trained, not what it computes.
    pub(super) fn change(&self, change: impl FnOnce(Network) -> Network) {
        let mut state = self.lock();
        state.network = change(state.network.clone());
    }

    /// Whether another network was put in the place of the first one.
    pub(super) fn is_changed(&self) -> bool {
        self.lock().is_changed
    }

    /// Whether it is under training.
    pub(super) fn is_training(&self) -> bool {
        self.lock().is_training
    }

    /// Puts it under training, where it is not yet.
    pub(super) fn train(&self) {
        let mut state = self.lock();
        if !state.is_training {
            state.network = state.network.clone().train();
            state.is_training = true;
        }
    }

    /// Whether both are the same network, not merely equal ones.
    pub(super) fn is(&self, other: &Shared) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
