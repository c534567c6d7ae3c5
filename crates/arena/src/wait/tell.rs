//! Telling those who wait that it is over, or may be.

use super::line::{Line, has_ended, rouse};
use super::node::{self, Node, Standing};
use crate::change::Change;
use crate::failure::Result;
use crate::layout::Space;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};

impl Line {
    /// Everybody who stands there, in the order of coming.
    pub fn nodes<M: Memory>(self, space: &Space<M>) -> Result<Vec<Node>> {
        let (mut nodes, mut found) = (Vec::new(), self.first(space)?);
        while let Some(node) = found {
            found = self.behind(space, &node)?;
            nodes.push(node);
        }
        Ok(nodes)
    }

    /// Tells the first `count` living ones that have been told nothing. Returns whom to wake.
    pub fn tell_first<M: Memory>(self, space: &Space<M>, count: u64) -> Result<Vec<u64>> {
        let (mut left, mut wakes) = (count, Vec::new());
        let mut found = self.first(space)?;
        while let Some(node) = found {
            if left == 0 {
                break;
            }
            if !node.standing(space)?.is_told() && !has_ended(space, &node, None)? {
                left -= 1;
                if node.tell(space, Standing::Notified)? {
                    wakes.push(node.at);
                }
            }
            found = self.behind(space, &node)?;
        }
        Ok(wakes)
    }

    /// Lists what tells the first living one that has been told nothing what `other` was told in vain. Returns it: it is
    /// to be woken.
    pub fn pass_on<M: Memory>(
        self,
        space: &Space<M>,
        change: &mut Change,
        other: &Node,
        victim: Option<u64>,
    ) -> Result<Option<u64>> {
        if other.standing(space)? != Standing::Notified {
            return Ok(None);
        }
        for node in self.nodes(space)? {
            let is_untold = node != *other && !node.standing(space)?.is_told();
            if is_untold && !has_ended(space, &node, victim)? {
                // Its thread may fall asleep before this is stored, but not after that.
                node.list_tell(change, Standing::Notified);
                return Ok(Some(node.at));
            }
        }
        Ok(None)
    }

    /// Takes the nodes of threads that have ended out, and those of `victim`, a slot that is being swept; what each
    /// was told is passed on by the same change. Returns whom to wake.
    pub fn prune_passing_on<M: Memory>(
        self,
        space: &Space<M>,
        guard: &Guard<'_, M>,
        victim: Option<u64>,
    ) -> Result<Vec<u64>> {
        let mut wakes = Vec::new();
        for node in self.nodes(space)? {
            if has_ended(space, &node, victim)? {
                let mut change = Change::new();
                let heir = self.pass_on(space, &mut change, &node, victim)?;
                let behind = self.behind(space, &node)?;
                if is_planted(Bug::PassedOnApart) {
                    let mut first = Change::new();
                    self.take(space, &mut first, &node, true)?;
                    guard.commit(&first)?;
                } else {
                    self.take(space, &mut change, &node, true)?;
                }
                guard.commit(&change)?;
                wakes.extend(heir);
                wakes.extend(rouse(space, behind)?);
            }
        }
        Ok(wakes)
    }

    /// Whoever may be asleep although it has been told something: its teller may have died before waking it.
    pub fn told<M: Memory>(self, space: &Space<M>) -> Result<Vec<u64>> {
        let mut told = Vec::new();
        for node in self.nodes(space)? {
            if node.standing(space)?.is_told() {
                told.push(node.at);
            }
        }
        Ok(told)
    }
}

/// Wakes the threads of nodes, without the object's lock.
pub(crate) fn wake_all<M: Memory>(space: &Space<M>, nodes: &[u64]) -> Result<()> {
    nodes.iter().try_for_each(|&at| node::wake(space, at))
}
