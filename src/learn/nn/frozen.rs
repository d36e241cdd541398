//! Parts of a network that training leaves as they are.
//!
//! What is frozen is known to the network itself: a weight that is frozen asks for no gradient,
//! and a layer that behaves in another way while it is trained (a batch norm, dropout, stochastic
//! depth) has a flag beside its weights, which is put down. burn keeps both through evaluation,
//! training and steps of an optimizer. A frozen layer is so what PyTorch's is after
//! `requires_grad_(False)` and `eval()`: its norms normalize with their running statistics and
//! keep them.

use super::weights::{Place, is_statistic};
use crate::Error;
use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet};

/// All weights and flags of a module by their names, and whether each is frozen.
fn leaves<M: Module>(module: &M) -> BTreeMap<String, bool> {
    let mut leaves = Leaves::default();
    // Whether a weight asks for a gradient shows on a device that differentiates alone.
    module.valid().train().visit(&mut leaves);
    leaves.found
}

/// The names of the weights and flags of a module that are frozen.
pub(crate) fn frozen<M: Module>(module: &M) -> BTreeSet<String> {
    let leaves = leaves(module).into_iter();
    leaves
        .filter_map(|(name, is_frozen)| is_frozen.then_some(name))
        .collect()
}

/// The frozen parts in the fewest names: a part whose weights and flags all are stands for them.
pub(crate) fn frozen_parts<M: Module>(module: &M) -> Vec<String> {
    let leaves = leaves(module);
    let mut parts = Vec::new();
    for (name, _) in leaves.iter().filter(|(_, is_frozen)| **is_frozen) {
        let is_frozen = |part: &&str| {
            let mut inside = leaves.iter().filter(|(leaf, _)| is_within(part, leaf));
            inside.all(|(_, is_frozen)| *is_frozen)
        };
        let part = parts_of(name).find(is_frozen).unwrap_or(name).to_owned();
        if parts.last() != Some(&part) {
            parts.push(part);
        }
    }
    parts
}

/// The module with some weights and flags frozen, or no longer so; names that it does not have are
/// passed over.
pub(crate) fn freeze<M: Module>(module: M, names: &BTreeSet<String>, frozen: bool) -> M {
    module.map(&mut Freezer {
        place: Place::default(),
        names,
        frozen,
    })
}

/// The names of all weights and flags of some parts of a module; of all parts, if none is named.
///
/// # Errors
/// [`auricle_audio::Error::Unknown`] for a name that is no weight's and no part's.
pub(crate) fn leaves_of<M: Module>(
    module: &M,
    owner: &str,
    parts: &[String],
) -> Result<BTreeSet<String>, Error> {
    let all: Vec<String> = leaves(module).into_keys().collect();
    if parts.is_empty() {
        return Ok(all.into_iter().collect());
    }
    let mut chosen = BTreeSet::new();
    for part in parts {
        let mut inside = all.iter().filter(|leaf| is_within(part, leaf)).peekable();
        if inside.peek().is_none() {
            return Err(unknown_part(owner, part, all.iter().map(String::as_str)));
        }
        chosen.extend(inside.cloned());
    }
    Ok(chosen)
}

/// Whether a name is that of a part, or of something in it.
pub(crate) fn is_within(part: &str, name: &str) -> bool {
    let rest = name.strip_prefix(part);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A name that is no part's among the names of some leaves: the parts to choose from are those
/// inside the innermost part that the name has right.
pub(crate) fn unknown_part<'a>(
    owner: &str,
    got: &str,
    leaves: impl Iterator<Item = &'a str>,
) -> Error {
    let leaves: Vec<&str> = leaves.collect();
    let is_part = |part: &&str| leaves.iter().any(|leaf| is_within(part, leaf));
    let outer = parts_of(got).filter(is_part).last();
    let depth = outer.map_or(0, |outer| outer.matches('.').count() + 1);
    let mut known: Vec<String> = Vec::new();
    for leaf in leaves {
        let is_inside = outer.is_none_or(|outer| is_within(outer, leaf));
        let part = parts_of(leaf).nth(depth).filter(|_| is_inside);
        known.extend(part.map(str::to_owned));
    }
    known.dedup();
    Error::Audio(auricle_audio::Error::Unknown {
        owner: owner.to_owned(),
        kind: "part",
        got: got.to_owned(),
        known,
    })
}

/// The parts that a name stands in, from the outermost on, and the name itself at last.
fn parts_of(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices('.').map(|(end, _)| end);
    ends.chain([name.len()]).map(move |end| &name[..end])
}

#[derive(Default)]
struct Leaves {
    place: Place,
    found: BTreeMap<String, bool>,
}

impl ModuleVisitor for Leaves {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (name, _) = self.place.name();
        if !is_statistic(&name) {
            self.found.insert(name, !param.val().is_require_grad());
        }
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        let (name, _) = self.place.name();
        self.found.insert(name, !flag.val().is_enabled());
    }
}

struct Freezer<'a> {
    place: Place,
    names: &'a BTreeSet<String>,
    frozen: bool,
}

impl ModuleMapper for Freezer<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.names.contains(&self.place.name().0) {
            true => param.set_require_grad(!self.frozen),
            false => param,
        }
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        match self.names.contains(&self.place.name().0) {
            true => flag.with_value(!self.frozen),
            false => flag,
        }
    }
}
