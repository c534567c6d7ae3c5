//! Every way to run a model in which threads are interrupted no more often than so.
//!
//! # Theory of operation
//!
//! A thread goes on until it sleeps, ends or pauses; then each of the others goes on in one of the runs. Besides, a
//! thread may be **interrupted** at any access, a bounded number of times in one run. Bugs of locks need few
//! interruptions at the right places, and all places are tried: what is clean here is so for certain, up to the bound.
//! (Madan Musuvathi and Shaz Qadeer, "Iterative context bounding", PLDI 2007.)
//!
//! One run after the other, the last choice that has an alternative left is changed, and all behind it are made anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

use crate::memory::interleaved::Footprints;

/// A choice of a run.
struct Choice {
    options: Vec<TaskId>,
    taken: usize,
}

/// Tries them all, one after the other.
pub(super) struct Bounded {
    interruptions_max: usize,
    left: usize,
    /// The choices of this run, and how many of them have been made.
    choices: Vec<Choice>,
    made: usize,
    footprints: Arc<Footprints>,
    runs: Arc<AtomicUsize>,
}

/// Who can go on, but for those who would only wake without a reason.
fn awake<'t>(runnable: &[&'t Task]) -> Vec<&'t Task> {
    runnable.iter().copied().filter(|task| task.runnable()).collect()
}

impl Bounded {
    /// Counts in `runs` how many runs there were.
    pub fn new(
        interruptions_max: usize,
        footprints: &Arc<Footprints>,
        runs: &Arc<AtomicUsize>,
    ) -> Self {
        Self {
            interruptions_max,
            left: interruptions_max,
            choices: Vec::new(),
            made: 0,
            footprints: footprints.clone(),
            runs: runs.clone(),
        }
    }

    /// Turns to the next way to choose. Returns whether there is one.
    fn advance(&mut self) -> bool {
        if self.footprints.settle() {
            self.choices.clear(); // There is more to choose than we knew.
            return true;
        }
        while let Some(last) = self.choices.last_mut() {
            last.taken += 1;
            if last.taken < last.options.len() {
                return true;
            }
            self.choices.pop();
        }
        false
    }

    /// Who may go on, first the one that does. `goes_on`: it need not be interrupted.
    fn options(&self, runnable: &[&Task], current: Option<TaskId>, goes_on: bool) -> Vec<TaskId> {
        // The first task only starts the others and waits for them.
        let main = TaskId::from(0);
        let mut options: Vec<_> = awake(runnable).into_iter().map(Task::id).collect();
        match current {
            Some(current) if options.contains(&current) && (goes_on || current == main) => {
                if current == main || self.left == 0 {
                    return vec![current];
                }
                options.retain(|&task| task != current);
                options.insert(0, current);
            }
            _ => {}
        }
        if options.len() > 1 {
            options.retain(|&task| task != main);
        }
        options
    }
}

impl Scheduler for Bounded {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.runs.fetch_add(1, Relaxed) > 0 && !self.advance() {
            return None;
        }
        self.left = self.interruptions_max;
        self.made = 0;
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        let options = self.options(runnable, current, !is_yielding);
        let chosen = match options.as_slice() {
            [only] => return Some(*only),
            options if self.made < self.choices.len() => {
                let choice = &self.choices[self.made];
                assert_eq!(choice.options, options, "a run cannot be repeated");
                options[choice.taken]
            }
            _ => {
                self.choices.push(Choice { options: options.clone(), taken: 0 });
                options[0]
            }
        };
        self.made += 1;
        if !is_yielding && current.is_some_and(|now| now != chosen && options.contains(&now)) {
            self.left = self.left.saturating_sub(1);
        }
        Some(chosen)
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// Lets another scheduler choose, but never wakes anybody without a reason.
pub(super) struct Unkind<S>(pub S, pub Arc<Footprints>);

impl<S: Scheduler> Scheduler for Unkind<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.1.settle();
        self.0.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.0.next_task(&awake(runnable), current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
