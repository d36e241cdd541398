//! An expression as a flat list of instructions on blocks.

use super::Vocabulary;
use super::fault::Fault;
use super::feedback::{Feedback, Operand};
use super::function::Function;
use super::name::Names;
use super::parse::parse;
use super::tree::{Id, Leaf, NodeKind, Tree, of_three};
use crate::Error;
use std::collections::HashMap;

/// Places of a block. Registers of an expression of usual length stay in the nearest cache.
pub(super) const BLOCK: usize = 128;

/// From so many places back on, past output is read by whole blocks of that length.
const SHORTEST_BLOCK: usize = 32;

/// An expression that is ready to run.
pub struct Program {
    pub(super) expression: String,
    pub(super) tree: Tree,
    /// How many values are given with a row.
    pub(super) n_row: usize,
    /// Computed once a row, in this order, each into the place of its number.
    pub(super) row_steps: Vec<RowStep>,
    /// Registers that hold one of these along a whole row: register, place.
    pub(super) spread: Vec<(usize, usize)>,
    /// Done on every block, in this order.
    pub(super) steps: Vec<Step>,
    pub(super) n_registers: usize,
    /// Where the result of a block is, if it is not computed place by place.
    pub(super) result: usize,
    /// What is done place by place.
    pub(super) feedback: Option<Feedback>,
    /// Places of a block: not more than the nearest past output that is read by blocks.
    pub(super) block: usize,
    /// How far back input and output are looked at.
    pub(super) past_input: usize,
    pub(super) past_output: usize,
    uses_noise: bool,
}

/// One number that holds for a row.
pub(super) enum RowStep {
    Number(f64),
    Given(usize),
    Call(Function, [usize; 3]),
}

/// What fills a register with a block.
pub(super) struct Step {
    pub(super) out: usize,
    pub(super) action: Action,
}

#[derive(Clone, Copy)]
pub(super) enum Action {
    Index,
    Time,
    Noise,
    Input(usize),
    Past(usize),
    Call(Function, [usize; 3]),
}

/// How often a node must be computed.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
enum Rate {
    Row,
    Block,
    Place,
}

impl Program {
    /// Reads an expression with parameters of these names. `taken` are names that parameters cannot have besides.
    ///
    /// # Errors
    /// [`Error::Expression`] at the place where it cannot be understood.
    pub fn new(
        expression: &str,
        vocabulary: &'static Vocabulary,
        parameters: &[&str],
        taken: &[&str],
    ) -> Result<Program, Error> {
        let names = Names {
            vocabulary,
            parameters,
        };
        let tree = names
            .check(taken)
            .and_then(|()| parse(expression, &names))
            .and_then(|tree| folded(&tree).map(|folded| (tree, folded)));
        let (tree, folded) = tree.map_err(|fault| fault.of(expression))?;
        let rows = vocabulary.variables.iter();
        let rows = rows.filter(|v| v.source == super::vocabulary::Source::Row);
        let n_row = parameters.len() + rows.count();
        Ok(Compiler::new(&folded).program(expression, tree, n_row))
    }

    /// The text that it was made of.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Whether it draws noise.
    pub fn uses_noise(&self) -> bool {
        self.uses_noise
    }
}

/// The tree with numbers in the place of what is computed from numbers alone, and with each part once.
fn folded(tree: &Tree) -> Result<Tree, Fault> {
    let mut folded = Tree::default();
    // Where each node of the tree went.
    let mut moved: Vec<Id> = Vec::with_capacity(tree.nodes.len());
    let mut known: HashMap<(u8, u64, [Id; 3]), Id> = HashMap::new();
    for node in &tree.nodes {
        let kind = match &node.kind {
            NodeKind::Leaf(leaf) => NodeKind::Leaf(*leaf),
            NodeKind::Call(function, operands) => {
                let operands: smallvec::SmallVec<[Id; 3]> =
                    operands.iter().map(|id| moved[*id]).collect();
                let numbers: Option<Vec<f64>> = operands
                    .iter()
                    .map(|id| match folded.nodes[*id].kind {
                        NodeKind::Leaf(Leaf::Number(number)) => Some(number),
                        _ => None,
                    })
                    .collect();
                match numbers {
                    Some(numbers) => {
                        let [a, b, c] = of_three(&[0, 1, 2][..numbers.len()], |i| numbers[i]);
                        let value = function.of(a, b, c);
                        if !value.is_finite() {
                            return Err(Fault::new(node.span, format!("this is always {value}"))
                                .hint("an expression of numbers must give a finite number"));
                        }
                        NodeKind::Leaf(Leaf::Number(value))
                    }
                    None => NodeKind::Call(*function, operands),
                }
            }
        };
        let key = match &kind {
            NodeKind::Leaf(leaf) => match leaf {
                Leaf::Number(number) => (0, number.to_bits(), [0; 3]),
                Leaf::Row(at) => (1, *at as u64, [0; 3]),
                Leaf::Index => (2, 0, [0; 3]),
                Leaf::Time => (3, 0, [0; 3]),
                Leaf::Noise => (4, 0, [0; 3]),
                Leaf::Input(back) => (5, *back as u64, [0; 3]),
                Leaf::Past(back) => (6, *back as u64, [0; 3]),
            },
            NodeKind::Call(function, operands) => {
                (7, *function as u64, of_three(operands, |id| id))
            }
        };
        let id = *known
            .entry(key)
            .or_insert_with(|| folded.add(kind, node.span));
        moved.push(id);
    }
    // The whole expression stands last, whatever it was merged with.
    let root = *moved.last().expect("an expression has a node");
    folded.nodes.truncate(root + 1);
    Ok(folded)
}

struct Compiler<'a> {
    tree: &'a Tree,
    rates: Vec<Rate>,
    /// Which nodes the whole expression needs.
    needed: Vec<bool>,
    block: usize,
}

impl Compiler<'_> {
    fn new(tree: &Tree) -> Compiler<'_> {
        let root = tree.nodes.len() - 1;
        let mut needed = vec![false; tree.nodes.len()];
        needed[root] = true;
        for id in (0..=root).rev() {
            if let (true, NodeKind::Call(_, operands)) = (needed[id], &tree.nodes[id].kind) {
                operands.iter().for_each(|&operand| needed[operand] = true);
            }
        }
        let past = |id: &Id| match tree.nodes[*id].kind {
            NodeKind::Leaf(Leaf::Past(back)) if needed[*id] => Some(back),
            _ => None,
        };
        let nearest = (0..=root).filter_map(|id| past(&id)).min();
        let block = match nearest {
            Some(back) if back >= SHORTEST_BLOCK => back.min(BLOCK),
            _ => BLOCK,
        };
        let mut rates = Vec::with_capacity(tree.nodes.len());
        for node in &tree.nodes {
            rates.push(match &node.kind {
                NodeKind::Leaf(Leaf::Number(_) | Leaf::Row(_)) => Rate::Row,
                NodeKind::Leaf(Leaf::Past(back)) if *back < block => Rate::Place,
                NodeKind::Leaf(_) => Rate::Block,
                NodeKind::Call(_, operands) => {
                    let rates = operands.iter().map(|&id| rates[id]);
                    rates.fold(
                        Rate::Row,
                        |most, rate| if rate > most { rate } else { most },
                    )
                }
            });
        }
        Compiler {
            tree,
            rates,
            needed,
            block,
        }
    }

    fn ids(&self, rate: Rate) -> impl Iterator<Item = Id> {
        (0..self.tree.nodes.len()).filter(move |&id| self.needed[id] && self.rates[id] == rate)
    }

    fn program(&self, expression: &str, tree: Tree, n_row: usize) -> Program {
        let (row_steps, row_places) = self.row_steps();
        let root = self.tree.nodes.len() - 1;
        let mut registers = Registers::new(self, root);
        let mut spread = Vec::new();
        for id in self.ids(Rate::Row) {
            let by_blocks = id == root || registers.last_use[id].is_some();
            if by_blocks {
                let register = registers.take(id);
                spread.push((register, row_places[id]));
            }
        }
        let mut steps = Vec::new();
        for id in self.ids(Rate::Block) {
            let action = match &self.tree.nodes[id].kind {
                NodeKind::Leaf(Leaf::Time) => Action::Time,
                NodeKind::Leaf(Leaf::Noise) => Action::Noise,
                NodeKind::Leaf(Leaf::Input(back)) => Action::Input(*back),
                NodeKind::Leaf(Leaf::Past(back)) => Action::Past(*back),
                NodeKind::Leaf(_) => Action::Index,
                NodeKind::Call(function, operands) => {
                    Action::Call(*function, of_three(operands, |id| registers.of[id]))
                }
            };
            let out = registers.take(id);
            registers.free_after(id, self);
            steps.push(Step { out, action });
        }
        let feedback = (self.rates[root] == Rate::Place).then(|| {
            let operand = |id: Id| match (self.rates[id], &self.tree.nodes[id].kind) {
                (Rate::Row, _) => Operand::Row(row_places[id]),
                (Rate::Block, _) => Operand::Register(registers.of[id]),
                (_, NodeKind::Leaf(Leaf::Past(back))) => Operand::Past(*back),
                _ => Operand::Place(id),
            };
            let calls = self
                .ids(Rate::Place)
                .filter_map(|id| match &self.tree.nodes[id].kind {
                    NodeKind::Call(function, operands) => {
                        Some((id, *function, of_three(operands, operand), operands.len()))
                    }
                    NodeKind::Leaf(_) => None,
                });
            Feedback::new(calls.collect(), operand(root))
        });
        let backs = |pick: fn(Leaf) -> Option<usize>| {
            let leaves = self
                .tree
                .nodes
                .iter()
                .filter_map(move |node| match node.kind {
                    NodeKind::Leaf(leaf) => pick(leaf),
                    NodeKind::Call(..) => None,
                });
            leaves.max().unwrap_or(0)
        };
        Program {
            expression: expression.to_owned(),
            n_row,
            row_steps,
            spread,
            uses_noise: steps
                .iter()
                .any(|step| matches!(step.action, Action::Noise)),
            steps,
            n_registers: registers.count,
            result: registers.of[root],
            feedback,
            block: self.block,
            past_input: backs(|leaf| match leaf {
                Leaf::Input(back) => Some(back),
                _ => None,
            }),
            past_output: backs(|leaf| match leaf {
                Leaf::Past(back) => Some(back),
                _ => None,
            }),
            tree,
        }
    }

    /// What is computed once a row, and where the value of each node is.
    fn row_steps(&self) -> (Vec<RowStep>, Vec<usize>) {
        let mut steps = Vec::new();
        let mut places = vec![0; self.tree.nodes.len()];
        for id in self.ids(Rate::Row) {
            places[id] = steps.len();
            steps.push(match &self.tree.nodes[id].kind {
                NodeKind::Leaf(Leaf::Number(number)) => RowStep::Number(*number),
                NodeKind::Leaf(Leaf::Row(at)) => RowStep::Given(*at),
                NodeKind::Leaf(_) => RowStep::Number(0.0),
                NodeKind::Call(function, operands) => {
                    RowStep::Call(*function, of_three(operands, |id| places[id]))
                }
            });
        }
        (steps, places)
    }
}

/// Which register holds which node: one is given away again when nobody needs it any more.
struct Registers {
    of: Vec<usize>,
    /// The last node computed by blocks that reads a node; `usize::MAX` where it must stay to the end.
    last_use: Vec<Option<Id>>,
    free: Vec<usize>,
    count: usize,
}

impl Registers {
    fn new(compiler: &Compiler<'_>, root: Id) -> Registers {
        let mut last_use = vec![None; compiler.tree.nodes.len()];
        for (id, node) in compiler.tree.nodes.iter().enumerate() {
            let NodeKind::Call(_, operands) = &node.kind else {
                continue;
            };
            for &operand in operands.iter().filter(|_| compiler.needed[id]) {
                match (compiler.rates[operand], compiler.rates[id]) {
                    // What holds for a row is filled in before the first block.
                    (Rate::Row, Rate::Block) | (Rate::Block, Rate::Place) => {
                        last_use[operand] = Some(usize::MAX);
                    }
                    (Rate::Block, Rate::Block) if last_use[operand] != Some(usize::MAX) => {
                        last_use[operand] = Some(id);
                    }
                    _ => {}
                }
            }
        }
        last_use[root] = (compiler.rates[root] != Rate::Place).then_some(usize::MAX);
        Registers {
            of: vec![0; compiler.tree.nodes.len()],
            last_use,
            free: Vec::new(),
            count: 0,
        }
    }

    fn take(&mut self, id: Id) -> usize {
        self.of[id] = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.of[id]
    }

    /// Frees what a node was the last to read. Its own register was taken before, so it is none of these.
    fn free_after(&mut self, id: Id, compiler: &Compiler<'_>) {
        let NodeKind::Call(_, operands) = &compiler.tree.nodes[id].kind else {
            return;
        };
        for (at, &operand) in operands.iter().enumerate() {
            let first = !operands[..at].contains(&operand);
            if first && self.last_use[operand] == Some(id) {
                self.free.push(self.of[operand]);
            }
        }
    }
}
