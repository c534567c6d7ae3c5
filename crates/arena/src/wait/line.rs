//! Lines: who waits for an object, in the order of coming.

use super::Waiter;
use super::node::{self, NEXT, Node, PREVIOUS, Standing, Ticket};
use crate::block::{Block, State};
use crate::change::Change;
use crate::failure::{Result, corrupt};
use crate::layout::Space;
use crate::life::{self, Ending};
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};
use crate::object::{Object, WATCHERS};

/// More nodes than an arena has room for: a line that seems longer is a circle.
const LENGTH_MAX: u64 = 1 << 32;

/// The places of a line's two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    first: u64,
    last: u64,
}

impl Line {
    /// The line whose first and last node are named in the words `word` and `word + 8` of an object's body.
    pub fn of(object: Object, word: u64) -> Self {
        Self { first: object.body(word), last: object.body(word + 8) }
    }

    /// The line of those who watch the object at `at`.
    pub fn watching(at: u64) -> Self {
        Self { first: at + WATCHERS, last: at + WATCHERS + 8 }
    }

    /// Whether somebody stands there, dead or alive. One load, also without the lock.
    #[inline]
    pub fn is_empty<M: Memory>(self, space: &Space<M>) -> Result<bool> {
        Ok(space.memory.load(self.first)? == 0)
    }

    /// Whoever came first.
    pub fn first<M: Memory>(self, space: &Space<M>) -> Result<Option<Node>> {
        self.link(space, self.first)
    }

    /// Whoever stands behind a node.
    pub fn behind<M: Memory>(self, space: &Space<M>, node: &Node) -> Result<Option<Node>> {
        self.link(space, node.at + NEXT)
    }

    fn link<M: Memory>(self, space: &Space<M>, at: u64) -> Result<Option<Node>> {
        match space.memory.load(at)? {
            0 => Ok(None),
            at => Node::read(space, at).map(Some),
        }
    }

    /// Lists what puts a node at the end.
    pub fn put<M: Memory>(
        self,
        space: &Space<M>,
        change: &mut Change,
        ticket: Ticket,
    ) -> Result<()> {
        let (at, last) = (ticket.block.at, space.memory.load(self.last)?);
        // Nobody knows the node yet.
        space.memory.store(at + PREVIOUS, last)?;
        space.memory.store(at + NEXT, 0)?;
        change.write(if last == 0 { self.first } else { last + NEXT }, at);
        change.write(self.last, at);
        change.turn(ticket.block, State::Live);
        Ok(())
    }

    /// Lists what takes a node out. It is its thread's to free then, or free if `is_dead`.
    pub fn take<M: Memory>(
        self,
        space: &Space<M>,
        change: &mut Change,
        node: &Node,
        is_dead: bool,
    ) -> Result<()> {
        let next = space.memory.load(node.at + NEXT)?;
        let previous = space.memory.load(node.at + PREVIOUS)?;
        change.write(if previous == 0 { self.first } else { previous + NEXT }, next);
        change.write(if next == 0 { self.last } else { next + PREVIOUS }, previous);
        if is_dead {
            change.turn(Block { at: node.at, header: node.header }, State::Free);
        } else {
            // No turn, which would not know the slot.
            change.write(node.at, node.left().0);
        }
        Ok(())
    }

    /// Takes a node out for its own thread. Returns the one behind it, which has to watch somebody else.
    pub fn take_out<M: Memory>(
        self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        node: &Node,
    ) -> Result<Option<u64>> {
        let behind = self.behind(space, node)?;
        let mut change = Change::new();
        self.take(space, &mut change, node, false)?;
        guard.commit(&change)?;
        if is_planted(Bug::LeftUnseen) { Ok(None) } else { rouse(space, behind) }
    }

    /// Who stands in the line.
    pub fn waiters<M: Memory>(self, space: &Space<M>) -> Result<Vec<Waiter>> {
        let as_told = |node: &Node| -> Result<Waiter> {
            Ok(Waiter { life: node.life, since_ns: node.since_ns(space)? })
        };
        self.nodes(space)?.iter().map(as_told).collect()
    }
}

/// Has a node's thread look again, which stands behind somebody else now. Returns where to wake it, if it is asleep. The
/// caller has the object's lock.
pub(crate) fn rouse<M: Memory>(space: &Space<M>, node: Option<Node>) -> Result<Option<u64>> {
    let Some(node) = node else { return Ok(None) };
    Ok(node.stir(space)?.then_some(node.at))
}

/// Who was found to have ended in a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// How many there were.
    pub ended: u64,
    /// How many of them had been told something that somebody else is to be told now.
    pub notified: u64,
    /// Who is to be woken, since it stood behind one of them.
    pub rouse: Vec<u64>,
}

impl Pruned {
    /// Wakes whoever has to look again. Without the lock.
    pub fn rouse_all<M: Memory>(&self, space: &Space<M>) -> Result<()> {
        self.rouse.iter().try_for_each(|&at| node::wake(space, at))
    }

    fn take_out<M: Memory>(
        &mut self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        line: Line,
        node: &Node,
    ) -> Result<()> {
        self.ended += 1;
        self.notified += u64::from(node.standing(space)? == Standing::Notified);
        let mut change = Change::new();
        line.take(space, &mut change, node, true)?;
        guard.commit(&change)
    }
}

/// Whether a node's thread waits no more: it has ended, or is of the slot that is being swept.
pub(crate) fn has_ended<M: Memory>(
    space: &Space<M>,
    node: &Node,
    victim: Option<u64>,
) -> Result<bool> {
    let is_victims = victim.is_some_and(|slot| node.is_of_slot(slot));
    Ok(is_victims || life::ending(space, node.life)? != Ending::Lives)
}

/// Takes the nodes of threads that have ended out of a line, and those of `victim`, a slot that is being swept.
/// The caller has the lock, by `guard`.
pub(crate) fn prune<M: Memory>(
    space: &Space<M>,
    guard: &Guard<'_, M>,
    line: Line,
    victim: Option<u64>,
) -> Result<Pruned> {
    let mut pruned = Pruned::default();
    let mut found = line.first(space)?;
    let mut seen = 0;
    while let Some(node) = found {
        seen += 1;
        if seen > LENGTH_MAX {
            return corrupt("a line is a circle");
        }
        found = line.behind(space, &node)?;
        if has_ended(space, &node, victim)? {
            pruned.take_out(space, guard, line, &node)?;
            pruned.rouse.extend(rouse(space, found)?);
        }
    }
    Ok(pruned)
}

/// The first node whose thread lives; those before it are taken out.
pub(crate) fn first_alive<M: Memory>(
    space: &Space<M>,
    guard: &Guard<'_, M>,
    line: Line,
    pruned: &mut Pruned,
) -> Result<Option<Node>> {
    while let Some(node) = line.first(space)? {
        if !has_ended(space, &node, None)? {
            return Ok(Some(node));
        }
        pruned.take_out(space, guard, line, &node)?;
    }
    Ok(None)
}

/// Takes out whoever has ended right before a thread's own node, which it would watch in vain.
pub(crate) fn prune_before<M: Memory>(
    space: &Space<M>,
    guard: &Guard<'_, M>,
    line: Line,
    ticket: Ticket,
    pruned: &mut Pruned,
) -> Result<()> {
    while let Some(before) = ticket.before(space)? {
        if !has_ended(space, &before, None)? {
            break;
        }
        pruned.take_out(space, guard, line, &before)?;
    }
    Ok(())
}

/// Checks the links of a line at rest; returns how many stand in it (for tests).
#[cfg(test)]
pub(crate) fn check_line<M: Memory>(
    space: &Space<M>,
    line: Line,
    audit: &mut crate::audit::Audit,
) -> crate::audit::Finding<u64> {
    use crate::audit::found;
    let (mut count, mut before) = (0, 0);
    let mut node = found(line.first(space), "a line")?;
    while let Some(now) = node {
        audit.reach(space, now.at, "a node in a line")?;
        if found(space.memory.load(now.at + PREVIOUS), "a node")? != before {
            return Err(format!("the node at {} does not know the one before it", now.at));
        }
        (count, before) = (count + 1, now.at);
        node = found(line.behind(space, &now), "a line")?;
    }
    if found(space.memory.load(line.last), "a line")? != before {
        return Err("a line does not end with its last node".to_owned());
    }
    Ok(count)
}
