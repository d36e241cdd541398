//! Reading an expression into a tree, by the precedence of its operators.

use super::fault::{Fault, Span};
use super::function::{Function, KNOWN};
use super::name::Names;
use super::token::{Token, Word, tokens};
use super::tree::{Id, Leaf, MAX_PAST, NodeKind, Tree};
use super::vocabulary::Source;
use smallvec::{SmallVec, smallvec};

/// How deeply parentheses and calls may stand in each other.
const DEEPEST: usize = 64;
/// How many characters an expression may have.
const LONGEST: usize = 10_000;

/// How tightly an operator binds, from loose to tight, and what it does.
const OPERATORS: [(&str, u8, Function); 14] = [
    ("||", 1, Function::Or),
    ("&&", 2, Function::And),
    ("<", COMPARES, Function::Less),
    ("<=", COMPARES, Function::LessOrEqual),
    (">", COMPARES, Function::Greater),
    (">=", COMPARES, Function::GreaterOrEqual),
    ("==", COMPARES, Function::Equal),
    ("!=", COMPARES, Function::Unequal),
    ("+", 4, Function::Add),
    ("-", 4, Function::Sub),
    ("*", 5, Function::Mul),
    ("/", 5, Function::Div),
    ("%", 5, Function::Rem),
    ("**", POWER, Function::Pow),
];
const COMPARES: u8 = 3;
const POWER: u8 = 7;

/// The tree of an expression.
pub(super) fn parse(text: &str, names: &Names<'_>) -> Result<Tree, Fault> {
    let length = text.chars().count();
    if length > LONGEST {
        let span = Span {
            start: LONGEST,
            end: length,
        };
        return Err(Fault::new(
            span,
            format!("an expression has at most {LONGEST} characters, not {length}"),
        ));
    }
    let tokens = tokens(text)?;
    if tokens.len() == 1 {
        let place = names.vocabulary.place;
        return Err(
            Fault::new(Span::default(), "the expression is empty").hint(format!(
                "write what a {place} `x` becomes, such as `0.5 * x`"
            )),
        );
    }
    let mut parser = Parser {
        tokens,
        place: 0,
        depth: 0,
        names,
        used: vec![false; names.parameters.len()],
        tree: Tree::default(),
    };
    parser.expression(0)?;
    parser.ended()?;
    if let Some(unused) = parser.used.iter().position(|used| !used) {
        let name = names.parameters[unused];
        let span = Span {
            start: 0,
            end: length,
        };
        return Err(
            Fault::new(span, format!("the expression does not use `{name}`"))
                .hint(format!("write `{name}` in it, or leave the parameter out")),
        );
    }
    Ok(parser.tree)
}

struct Parser<'a> {
    tokens: Vec<Token>,
    place: usize,
    depth: usize,
    names: &'a Names<'a>,
    used: Vec<bool>,
    tree: Tree,
}

impl Parser<'_> {
    fn next(&self) -> &Token {
        &self.tokens[self.place.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token {
        let token = self.next().clone();
        self.place += 1;
        token
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is = self.next().word.is(sign);
        self.place += usize::from(is);
        is
    }

    fn span(&self, id: Id) -> Span {
        self.tree.nodes[id].span
    }

    /// What binds at least as tightly as said.
    fn expression(&mut self, binding: u8) -> Result<Id, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let reason = format!("more than {DEEPEST} parentheses or calls stand in each other");
            return Err(Fault::new(self.next().span, reason).hint("take the expression apart"));
        }
        let mut left = self.operand()?;
        let mut compared = false;
        while let Word::Sign(sign) = self.next().word {
            let operator = OPERATORS.iter().find(|(known, ..)| *known == sign);
            let Some(&(_, tightness, function)) = operator.filter(|o| o.1 >= binding) else {
                break;
            };
            let span = self.take().span;
            if tightness == COMPARES && compared {
                return Err(Fault::new(span, "comparisons cannot follow each other")
                    .hint("write both: `a < b && b < c`"));
            }
            compared = tightness == COMPARES;
            // Powers group from the right, everything else from the left.
            let right = self.expression(if tightness == POWER {
                POWER
            } else {
                tightness + 1
            })?;
            let whole = self.span(left).to(self.span(right));
            let call = NodeKind::Call(function, smallvec![left, right]);
            left = self.tree.add(call, whole);
        }
        self.depth -= 1;
        Ok(left)
    }

    /// A number, a name, a call, something in parentheses, or a sign before one of these.
    fn operand(&mut self) -> Result<Id, Fault> {
        let before = self.place.checked_sub(1).map(|at| self.tokens[at].clone());
        let token = self.take();
        match token.word {
            Word::Number(number) => {
                let leaf = NodeKind::Leaf(Leaf::Number(number));
                Ok(self.tree.add(leaf, token.span))
            }
            Word::Name(name) => self.name(&name, token.span),
            Word::Sign("(") => {
                let inside = self.expression(0)?;
                self.closed(token.span, ")", "parenthesis")?;
                // The error of what is inside should show the parentheses, too.
                let end = self.tokens[self.place - 1].span;
                self.tree.nodes[inside].span = token.span.to(end);
                Ok(inside)
            }
            Word::Sign("-" | "!") => {
                let function = match token.word.is("-") {
                    true => Function::Neg,
                    false => Function::Not,
                };
                let operand = self.expression(POWER)?;
                let span = token.span.to(self.span(operand));
                let call = NodeKind::Call(function, smallvec![operand]);
                Ok(self.tree.add(call, span))
            }
            Word::Sign("+") => self.expression(POWER),
            _ => Err(missing_value(before, &token)),
        }
    }

    /// The end of brackets that were opened somewhere.
    fn closed(&mut self, opened: Span, sign: &str, what: &str) -> Result<(), Fault> {
        if self.takes(sign) {
            return Ok(());
        }
        match self.next().word {
            Word::End => Err(Fault::new(opened, format!("this {what} is never closed"))
                .hint(format!("a `{sign}` is missing"))),
            _ => {
                self.ended()?;
                Ok(())
            }
        }
    }

    /// Says what stands where the expression should have ended.
    fn ended(&self) -> Result<(), Fault> {
        let token = self.next();
        let fault = |reason: &str| Fault::new(token.span, reason);
        match &token.word {
            Word::End => Ok(()),
            Word::Sign(")") => Err(fault("this parenthesis closes none")
                .hint("leave it out, or open one with `(` before it")),
            Word::Sign("]") => Err(fault("this bracket closes none").hint("the past is `x[-1]`")),
            Word::Sign(",") => Err(fault(
                "a comma stands only between the arguments of a function",
            )
            .hint("a number has a decimal point: `0.5`")),
            Word::Sign("[") => Err(fault("only `x` and `y` have a past")
                .hint("`x[-1]` is the input before, `y[-1]` the output before")),
            Word::Sign("!") => Err(fault("an operator is missing before `!`")
                .hint("two numbers differ: `a != b`; the opposite of a condition is `!a`")),
            Word::Number(number) => {
                Err(fault(&format!("an operator is missing before `{number}`")))
            }
            Word::Name(name) => Err(match name.as_str() {
                "if" | "else" | "and" | "or" | "not" => self.names.unknown(name, token.span, false),
                _ => fault(&format!("an operator is missing before `{name}`"))
                    .hint(format!("a product is written `a * {name}`")),
            }),
            Word::Sign(_) => Err(fault("an operator is missing before this").hint("such as `*`")),
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Result<Id, Fault> {
        if self.next().word.is("(") {
            return self.call(name, span);
        }
        let indexed = self.next().word.is("[");
        let parameters = self.names.parameters;
        if indexed && !matches!(name, "x" | "y") {
            let known = self.names.vocabulary.find(name).is_some() || parameters.contains(&name);
            if !known {
                return Err(self.names.unknown(name, span, false));
            }
            return Err(
                Fault::new(span, format!("`{name}` has no past: only `x` and `y` have"))
                    .hint("`x[-1]` is the input before, `y[-1]` the output before"),
            );
        }
        let leaf = match name {
            "x" if indexed => return self.index(span, true),
            "y" if indexed => return self.index(span, false),
            "x" => Leaf::Input(0),
            "y" => {
                return Err(Fault::new(span, "`y` is what is being computed")
                    .hint("the output before is `y[-1]`"));
            }
            name => {
                if let Some(at) = parameters.iter().position(|known| *known == name) {
                    self.used[at] = true;
                    Leaf::Row(at)
                } else if let Some((variable, at)) = self.names.vocabulary.find(name) {
                    match variable.source {
                        Source::Constant(number) => Leaf::Number(number),
                        Source::Row => Leaf::Row(parameters.len() + at),
                        Source::Index => Leaf::Index,
                        Source::Time => Leaf::Time,
                        Source::Noise => Leaf::Noise,
                    }
                } else if let Some(known) = KNOWN.iter().find(|known| known.name == name) {
                    let usage = format!("{name}({})", known.takes.join(", "));
                    return Err(Fault::new(span, format!("`{name}` is a function"))
                        .hint(format!("write `{usage}`")));
                } else {
                    return Err(self.names.unknown(name, span, false));
                }
            }
        };
        Ok(self.tree.add(NodeKind::Leaf(leaf), span))
    }

    fn call(&mut self, name: &str, span: Span) -> Result<Id, Fault> {
        let opened = self.take().span;
        let Some(known) = KNOWN.iter().find(|known| known.name == name) else {
            let is_value = matches!(name, "x" | "y")
                || self.names.parameters.contains(&name)
                || self.names.vocabulary.find(name).is_some();
            return Err(match is_value {
                false => self.names.unknown(name, span, true),
                true => Fault::new(span, format!("`{name}` is no function")).hint(match name {
                    "x" | "y" => {
                        format!("the one before is `{name}[-1]`; a product `{name} * (...)`")
                    }
                    _ => format!("write `{name}`; a product is written `{name} * (...)`"),
                }),
            });
        };
        let mut operands: SmallVec<[Id; 3]> = SmallVec::new();
        if !self.takes(")") {
            loop {
                operands.push(self.expression(0)?);
                if !self.takes(",") {
                    break;
                }
            }
            self.closed(opened, ")", "parenthesis")?;
        }
        let wanted = known.takes.len();
        let whole = span.to(self.tokens[self.place - 1].span);
        if operands.len() != wanted {
            let arguments = if wanted == 1 { "argument" } else { "arguments" };
            let got = operands.len();
            return Err(Fault::new(
                whole,
                format!("`{name}` takes {wanted} {arguments}, not {got}"),
            )
            .hint(format!("usage: {name}({})", known.takes.join(", "))));
        }
        let call = NodeKind::Call(known.function, operands);
        Ok(self.tree.add(call, whole))
    }

    /// `x[-3]` or `y[-1]`: the index is written out, so that it is known how far back is looked.
    fn index(&mut self, span: Span, input: bool) -> Result<Id, Fault> {
        let name = if input { "x" } else { "y" };
        let opened = self.take().span;
        let negative = self.takes("-");
        let first = self.next().span;
        let Word::Number(number) = self.next().word else {
            if self.next().word == Word::End {
                return Err(
                    Fault::new(opened, "this bracket is never closed").hint("a `]` is missing")
                );
            }
            let reason =
                format!("the index of `{name}` must be a whole number that is written out");
            return Err(
                Fault::new(first, reason).hint(format!("such as `{name}[-1]`, the one before"))
            );
        };
        self.place += 1;
        let token = self.next().clone();
        if !self.takes("]") {
            if token.word == Word::End {
                return Err(
                    Fault::new(opened, "this bracket is never closed").hint("a `]` is missing")
                );
            }
            let reason =
                format!("the index of `{name}` must be a whole number that is written out");
            return Err(Fault::new(first.to(token.span), reason)
                .hint(format!("such as `{name}[-1]`, the one before")));
        }
        let whole = span.to(token.span);
        let place = self.names.vocabulary.place;
        if number.fract() != 0.0 {
            let reason = format!("the index of `{name}` must be a whole number, not {number}");
            return Err(Fault::new(whole, reason)
                .hint(format!("between: `lerp({name}[-1], {name}[-2], 0.5)`")));
        }
        if !negative && number > 0.0 {
            let reason = format!("`{name}[{number}]` would be a {place} of the future");
            return Err(Fault::new(whole, reason).hint(format!(
                "the one before is `{name}[-1]`; `reverse()` turns a sound around"
            )));
        }
        if !input && number == 0.0 {
            return Err(Fault::new(whole, "`y[0]` is what is being computed")
                .hint("the output before is `y[-1]`"));
        }
        if number > MAX_PAST as f64 {
            let reason = format!("`{name}[-{number}]` looks back further than {MAX_PAST} {place}s");
            return Err(Fault::new(whole, reason).hint("a longer echo is `impulse_response(...)`"));
        }
        let back = number as usize;
        let leaf = if input {
            Leaf::Input(back)
        } else {
            Leaf::Past(back)
        };
        Ok(self.tree.add(NodeKind::Leaf(leaf), whole))
    }
}

/// What stands where a value should.
fn missing_value(before: Option<Token>, token: &Token) -> Fault {
    let after = match &before {
        Some(Token {
            word: Word::Sign(sign),
            ..
        }) => format!("a value is missing after `{sign}`"),
        _ => "a value is missing here".to_owned(),
    };
    let sign = match token.word {
        Word::Sign(sign) => sign,
        _ => "",
    };
    match (before, sign) {
        // `2 * * x` and the like: the second one is what is wrong.
        (Some(_), "*" | "/" | "%" | "<" | ">" | "<=" | ">=" | "==" | "!=" | "&&" | "||" | "**")
        | (None, _) => Fault::new(token.span, after),
        (Some(_), "[") => Fault::new(token.span, "there are no arrays in an expression")
            .hint("the past is `x[-1]`"),
        (Some(before), _) => Fault::new(before.span, after),
    }
}
