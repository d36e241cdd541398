//! The items of a text of Rust as far as operators are concerned: their heads. What is in them is the compiler's to read.

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};

/// Where a text is not as it should be, and why.
#[derive(Debug)]
pub(crate) struct Miss {
    pub(crate) span: Span,
    pub(crate) message: String,
}

/// What operators are made of; other items are passed over.
#[derive(Debug)]
pub(crate) enum Item {
    Function(Function),
    Struct {
        name: Ident,
        docs: Vec<String>,
    },
    /// The functions of a type's own block, not those of a trait for it.
    Impl {
        of: Ident,
        functions: Vec<Function>,
    },
}

/// The head of a function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: Ident,
    /// The lines of the `///` above it.
    pub(crate) docs: Vec<String>,
    /// What stands before `fn`: `async`, `unsafe` and the like.
    pub(crate) qualifiers: Vec<Ident>,
    /// Where it is generic over types or numbers; lifetimes are none of these.
    pub(crate) generic: Option<Span>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) output: Option<Type>,
}

/// What a function takes at a place.
#[derive(Debug)]
pub(crate) enum Input {
    /// `self` in any of its forms.
    Receiver(Span),
    Named {
        /// Where the pattern is a name.
        name: Option<Ident>,
        span: Span,
        given: Type,
    },
}

impl Input {
    pub(crate) fn span(&self) -> Span {
        match self {
            Input::Receiver(span) | Input::Named { span, .. } => *span,
        }
    }
}

/// A type as it is written; never empty.
#[derive(Debug)]
pub(crate) struct Type(Vec<TokenTree>);

impl Type {
    pub(crate) fn span(&self) -> Span {
        joined(&self.0)
    }

    /// Whether it is this name and nothing else.
    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(&self.0[..], [TokenTree::Ident(ident)] if ident == name)
    }

    /// Whether it is `&mut [f32]`.
    pub(crate) fn is_samples(&self) -> bool {
        let (references, inner) = self.behind_references();
        let changes = self.0[..self.0.len() - inner.len()]
            .iter()
            .any(|token| is_word(token, "mut"));
        references == 1
            && changes
            && matches!(inner, [TokenTree::Group(group)] if elements(group).is_some_and(|(name, n)| name == "f32" && n == 1))
    }

    /// Whether it could be meant for samples: a slice or an array of floats, or a `Vec`.
    pub(crate) fn is_about_samples(&self) -> bool {
        match self.behind_references().1 {
            [TokenTree::Group(group)] => {
                elements(group).is_some_and(|(name, _)| name == "f32" || name == "f64")
            }
            path => {
                let path = path
                    .iter()
                    .take_while(|token| !is_sign(token, '<'))
                    .collect::<Vec<_>>();
                path.last().is_some_and(|last| is_word(last, "Vec"))
            }
        }
    }

    /// How many references stand before it, and what stands behind them.
    fn behind_references(&self) -> (usize, &[TokenTree]) {
        let (mut n, mut rest) = (0, &self.0[..]);
        while let [first, behind @ ..] = rest {
            rest = match behind {
                _ if is_sign(first, '&') => {
                    n += 1;
                    behind
                }
                [_, behind @ ..] if n > 0 && is_sign(first, '\'') => behind,
                _ if n > 0 && is_word(first, "mut") => behind,
                _ => break,
            };
        }
        (n, rest)
    }
}

/// The name of the elements of a slice or an array, and how many words the brackets hold.
fn elements(group: &Group) -> Option<(String, usize)> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    match (group.delimiter(), tokens.first()) {
        (Delimiter::Bracket, Some(TokenTree::Ident(name))) => {
            Some((name.to_string(), tokens.len()))
        }
        _ => None,
    }
}

/// The items of a text.
///
/// # Errors
/// Where it is no list of items.
pub(crate) fn items(text: &str) -> Result<Vec<Item>, Miss> {
    let tokens = text.parse::<TokenStream>().map_err(|error| Miss {
        span: error.span(),
        message: "brackets or quotes do not match, or there is a sign that Rust does not have"
            .into(),
    })?;
    Reader::new(tokens).items()
}

struct Reader {
    tokens: Vec<TokenTree>,
    at: usize,
}

impl Reader {
    fn new(tokens: TokenStream) -> Reader {
        Reader {
            tokens: tokens.into_iter().collect(),
            at: 0,
        }
    }

    fn items(mut self) -> Result<Vec<Item>, Miss> {
        let mut items = Vec::new();
        loop {
            let docs = self.attributes();
            if self.peek(0).is_none() {
                return Ok(items);
            }
            items.extend(self.item(docs)?);
        }
    }

    fn item(&mut self, docs: Vec<String>) -> Result<Option<Item>, Miss> {
        if self.word("pub") && matches!(self.peek(0), Some(TokenTree::Group(_))) {
            self.at += 1;
        }
        if let Some(qualifiers) = self.qualifiers() {
            return Ok(Some(Item::Function(self.function(docs, qualifiers)?)));
        }
        let word = match self.peek(0) {
            Some(TokenTree::Ident(word)) => word.to_string(),
            _ => return Err(self.wrong("a function, a struct or another item")),
        };
        let is_macro = self.peek(1).is_some_and(|token| is_sign(token, '!'));
        match word.as_str() {
            "struct" => {
                self.at += 1;
                let name = self.name()?;
                self.pass(true)?;
                Ok(Some(Item::Struct { name, docs }))
            }
            "impl" => self.implementation(),
            "use" | "const" | "static" | "type" => self.pass(false).map(|()| None),
            "mod" | "enum" | "union" | "trait" | "extern" | "unsafe" => {
                self.pass(true).map(|()| None)
            }
            _ if is_macro => self.pass(true).map(|()| None),
            _ => Err(self.wrong("a function, a struct or another item")),
        }
    }

    /// What stands before `fn`, if that is what comes.
    fn qualifiers(&mut self) -> Option<Vec<Ident>> {
        let (mut at, mut qualifiers) = (self.at, Vec::new());
        loop {
            match self.tokens.get(at)? {
                TokenTree::Ident(word) if word == "fn" => {
                    self.at = at + 1;
                    return Some(qualifiers);
                }
                TokenTree::Ident(word)
                    if ["const", "async", "unsafe", "extern"]
                        .iter()
                        .any(|q| word == q) =>
                {
                    qualifiers.push(word.clone());
                }
                // The name of a calling convention.
                TokenTree::Literal(_) if !qualifiers.is_empty() => {}
                _ => return None,
            }
            at += 1;
        }
    }

    fn function(&mut self, docs: Vec<String>, qualifiers: Vec<Ident>) -> Result<Function, Miss> {
        let name = self.name()?;
        let generics = self.generics();
        let generic = parts(&generics)
            .into_iter()
            .find(|part| part.first().is_some_and(|first| !is_sign(first, '\'')))
            .map(|part| joined(&part));
        let inputs = match self.peek(0) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                parts(&tokens)
                    .into_iter()
                    .map(input)
                    .collect::<Result<_, _>>()?
            }
            _ => return Err(self.wrong("the parameters in parentheses")),
        };
        self.at += 1;
        let is_arrow = self.peek(0).is_some_and(|token| is_sign(token, '-'));
        let mut given = Vec::new();
        if is_arrow {
            self.at += 2;
            while let Some(token) = self.peek(0) {
                if is_word(token, "where") || is_sign(token, ';') || is_braces(token) {
                    break;
                }
                given.push(token.clone());
                self.at += 1;
            }
        }
        if is_arrow && given.is_empty() {
            return Err(self.wrong("a type"));
        }
        self.pass(true)?;
        Ok(Function {
            name,
            docs,
            qualifiers,
            generic,
            inputs,
            output: Some(Type(given)).filter(|_| is_arrow),
        })
    }

    fn implementation(&mut self) -> Result<Option<Item>, Miss> {
        self.at += 1;
        self.generics();
        let mut head = Vec::new();
        while let Some(token) = self.peek(0) {
            if let TokenTree::Group(group) = token
                && is_braces(token)
            {
                let inner = Reader::new(group.stream());
                self.at += 1;
                let [TokenTree::Ident(of)] = &head[..] else {
                    return Ok(None);
                };
                let functions = inner.items()?.into_iter().filter_map(|item| match item {
                    Item::Function(function) => Some(function),
                    _ => None,
                });
                return Ok(Some(Item::Impl {
                    of: of.clone(),
                    functions: functions.collect(),
                }));
            }
            head.push(token.clone());
            self.at += 1;
        }
        Err(self.wrong("a block in braces"))
    }

    /// Passes over attributes, and gives the lines of the `///` among them.
    fn attributes(&mut self) -> Vec<String> {
        let mut docs = Vec::new();
        while self.peek(0).is_some_and(|token| is_sign(token, '#')) {
            let is_inner = self.peek(1).is_some_and(|token| is_sign(token, '!'));
            let Some(TokenTree::Group(group)) = self.peek(1 + usize::from(is_inner)) else {
                break;
            };
            let text = group.span().source_text().unwrap_or_default();
            if let Some(line) = text.strip_prefix("///") {
                docs.push(line.trim().to_owned());
            } else if let Some(block) = text.strip_prefix("/**") {
                let block = block.trim_end_matches("*/").lines();
                docs.extend(
                    block.map(|line| line.trim().trim_start_matches('*').trim().to_owned()),
                );
            }
            self.at += 2 + usize::from(is_inner);
        }
        docs
    }

    /// What stands in `<...>`, if that comes.
    fn generics(&mut self) -> Vec<TokenTree> {
        let mut depth = 0;
        let start = self.at;
        while let Some(token) = self.peek(0) {
            depth += turn(&self.tokens, self.at);
            if depth == 0 && !is_sign(token, '>') {
                break;
            }
            self.at += 1;
            if depth == 0 {
                return self.tokens[start + 1..self.at - 1].to_vec();
            }
        }
        Vec::new()
    }

    /// Passes over the rest of an item: up to a semicolon or, where one may end it, a block in braces.
    fn pass(&mut self, at_braces: bool) -> Result<(), Miss> {
        while let Some(token) = self.peek(0) {
            let is_end = is_sign(token, ';') || (at_braces && is_braces(token));
            self.at += 1;
            if is_end {
                return Ok(());
            }
        }
        Err(self.wrong(if at_braces {
            "`;` or a block in braces"
        } else {
            "`;`"
        }))
    }

    fn name(&mut self) -> Result<Ident, Miss> {
        match self.peek(0) {
            Some(TokenTree::Ident(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.wrong("a name")),
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let is = self.peek(0).is_some_and(|token| is_word(token, word));
        self.at += usize::from(is);
        is
    }

    fn peek(&self, ahead: usize) -> Option<&TokenTree> {
        self.tokens.get(self.at + ahead)
    }

    /// That something else is wanted here.
    fn wrong(&self, wanted: &str) -> Miss {
        let here = self.peek(0).or(self.tokens.last());
        let got = match self.peek(0) {
            Some(TokenTree::Group(_)) => "brackets".into(),
            Some(token) => format!("`{token}`"),
            None => "the end".into(),
        };
        Miss {
            span: here.map_or_else(Span::call_site, TokenTree::span),
            message: format!("{wanted} is wanted here, not {got}"),
        }
    }
}

fn input(mut tokens: Vec<TokenTree>) -> Result<Input, Miss> {
    while tokens.len() > 2 && is_sign(&tokens[0], '#') {
        tokens.drain(..2);
    }
    let span = joined(&tokens);
    let colon = (0..tokens.len()).find(|at| is_colon(&tokens, *at));
    let pattern = &tokens[..colon.unwrap_or(tokens.len())];
    if pattern.iter().any(|token| is_word(token, "self")) {
        return Ok(Input::Receiver(span));
    }
    let name = match pattern {
        [TokenTree::Ident(name)] => Some(name.clone()),
        [first, TokenTree::Ident(name)] if is_word(first, "mut") => Some(name.clone()),
        _ => None,
    };
    let given = colon.map_or(Vec::new(), |colon| tokens[colon + 1..].to_vec());
    if given.is_empty() {
        let message = "a parameter must have a type".into();
        return Err(Miss { span, message });
    }
    let given = Type(given);
    Ok(Input::Named { name, span, given })
}

/// Parts between the commas that stand in no `<...>`.
fn parts(tokens: &[TokenTree]) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        depth += turn(tokens, at);
        if depth == 0 && is_sign(token, ',') {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(token.clone());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// What a token changes in the depth of `<...>`; the `>` of an arrow closes nothing.
fn turn(tokens: &[TokenTree], at: usize) -> i32 {
    let after_dash = at > 0
        && matches!(&tokens[at - 1], TokenTree::Punct(sign) if sign.as_char() == '-' && sign.spacing() == Spacing::Joint);
    match &tokens[at] {
        TokenTree::Punct(sign) if sign.as_char() == '<' => 1,
        TokenTree::Punct(sign) if sign.as_char() == '>' && !after_dash => -1,
        _ => 0,
    }
}

/// Whether a single colon stands here, and not half of `::`.
fn is_colon(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| tokens.get(at).is_some_and(|token| is_sign(token, ':'));
    colon(at) && !colon(at + 1) && (at == 0 || !colon(at - 1))
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// The place of some tokens.
fn joined(tokens: &[TokenTree]) -> Span {
    match tokens {
        [] => Span::call_site(),
        [first, .., last] => first.span().join(last.span()).unwrap_or(first.span()),
        [one] => one.span(),
    }
}
