//! Sources as trees of text, of which parts can be taken out.

use std::fmt::Write as _;

use super::types::Type;

/// What a tree may be replaced by without leaving the rules that make programs well defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// By nothing.
    Statement,
    /// By nothing, or by its parts, one after the other.
    Unwrappable,
    /// By a part with the same type, or a constant.
    Expression(Type),
    /// By nothing else: it belongs to what is around it.
    Fixed,
}

/// Text with trees in it.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) role: Role,
    /// `$` stands for the next part.
    template: String,
    pub(crate) parts: Vec<Tree>,
}

impl Tree {
    pub(crate) fn new(role: Role, template: impl Into<String>, parts: Vec<Self>) -> Self {
        let template = template.into();
        assert_eq!(template.matches('$').count(), parts.len(), "{template}");
        Self { role, template, parts }
    }

    pub(crate) fn statement(template: impl Into<String>, parts: Vec<Self>) -> Self {
        Self::new(Role::Statement, template, parts)
    }

    pub(crate) fn list(parts: Vec<Self>) -> Self {
        Self::new(Role::Fixed, "$".repeat(parts.len()), parts)
    }

    pub(crate) fn fixed(text: impl Into<String>) -> Self {
        Self::new(Role::Fixed, text, Vec::new())
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, to: &mut String) {
        let mut parts = self.parts.iter();
        for piece in self.template.split_inclusive('$') {
            match piece.strip_suffix('$') {
                Some(before) => {
                    to.push_str(before);
                    parts.next().expect("as many parts as places").write(to);
                }
                None => to.push_str(piece),
            }
        }
        if matches!(self.role, Role::Statement | Role::Unwrappable) && !self.template.is_empty() {
            let _ = writeln!(to);
        }
    }

    /// All ways to make the tree a little smaller, the largest steps first.
    pub(crate) fn reductions(&self) -> Vec<Self> {
        let mut paths = Vec::new();
        self.collect(&mut Vec::new(), &mut paths);
        // Nodes near the root hold the most.
        paths.sort_by_key(|(path, _)| path.len());
        paths.into_iter().map(|(path, new)| self.with(&path, new)).collect()
    }

    fn collect(&self, path: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, Self)>) {
        let mut add = |new: Self| found.push((path.clone(), new));
        match self.role {
            Role::Statement if !self.template.is_empty() => add(Self::statement("", Vec::new())),
            Role::Unwrappable => {
                add(Self::statement("", Vec::new()));
                let inner = self.parts.iter().filter(|p| p.role == Role::Fixed);
                inner.for_each(|part| add(Self::new(Role::Statement, "{ $ }", vec![part.clone()])));
            }
            Role::Expression(ty) => {
                let constant = ty.constant();
                let is_short = self.parts.is_empty() && self.template.len() <= constant.len();
                if !is_short {
                    add(Self::new(self.role, constant, Vec::new()));
                }
                self.parts.iter().filter(|p| p.role == self.role).for_each(|p| add(p.clone()));
            }
            Role::Statement | Role::Fixed => {}
        }
        for (i, part) in self.parts.iter().enumerate() {
            path.push(i);
            part.collect(path, found);
            path.pop();
        }
    }

    fn with(&self, path: &[usize], new: Self) -> Self {
        match path {
            [] => new,
            [first, rest @ ..] => {
                let mut parts = self.parts.clone();
                parts[*first] = parts[*first].with(rest, new);
                Self { role: self.role, template: self.template.clone(), parts }
            }
        }
    }
}
