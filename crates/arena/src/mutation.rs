//! Deliberate bugs, by which the kill harness shows that it can fail.
//!
//! Each is a wrong turn at one place of the algorithms, taken only in a test that has planted it in its thread.
//! Outside of tests [`is_planted`] is a constant `false` and leaves no trace in the code.

/// The bugs that the harness must catch; each says what its author would have believed.
#[cfg_attr(not(test), allow(dead_code))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// "The entry can be filled once it is linked."
    PublishBeforeFill,
    /// "Stores that follow each other this closely need no intent."
    NoIntent,
    /// "The intent can be announced first and its entries written then."
    IntentBeforeItsEntries,
    /// "Nobody sees whether the intent goes before or after the last store."
    IntentClearedEarly,
    /// "The old block is garbage by now, so free it first."
    FreeBeforeUnlink,
    /// "A block in the intent's list is ours to free, whatever its header says."
    DoubleFreeOnRecovery,
    /// "The length is a statistic, it can be stored apart."
    LostCount,
    /// "The lock was free, so there is nothing to recover."
    RecoveryForgotten,
    /// "What a dead process allocated can be freed at once."
    SweepBeforeRecovery,
    /// "A dead process's reference in flight was never counted."
    CountedIsPending,
    /// "Only the container's own block has to be freed."
    ContentsForgotten,
    /// "The cell can be stored once it is counted, it is the same lock."
    CellAfterCount,
    /// "The lock is held, so the gap can go all the way at once."
    GapInOneStride,
    /// "A full node can give up its half first, the new node is ready."
    SplitBeforeItsHalf,
    /// "The sizes above a leaf can be lowered by a change of their own."
    SizesApart,
    /// "Nobody knows the list aside, so its words need no part in the change."
    AsideApart,
    /// "A list frees what its cells name."
    ShellOwnsItsValues,
    /// "Whose values they are can be settled after the swap."
    AddedKeepsItsValues,
    /// "What a queue counts can follow its items, it is the same lock."
    CountedApart,
    /// "What was taken out of a queue needs no name, its taker will free it."
    TakenIsNobodys,
    /// "The items can go first, and then the queue is closed."
    ClosedApart,
    /// "Who gives up a wait does not want what it was told of, so that is over too."
    ToldAndGone,
    /// "A dead thread's node is taken out, and that is all there is to do."
    DeadWasTold,
    /// "A total can be raised before what it takes from is lowered."
    CountsApart,
    /// "Who sweeps a slot has found a death that nobody has counted."
    DeathCountedAgain,
    /// "The permit is ours until its new holder wakes up, so it can be taken off afterwards."
    PermitTakenApart,
    /// "What a dead one was told can be passed on once it is out of the line."
    PassedOnApart,
    /// "From where it was taken is for tools, it can be stored once it is taken."
    SiteApart,
    /// "Who has met can be counted down once the barrier is open."
    MeetingCountedApart,
    /// "Who died in a change has told those who watch, or else there was nothing to tell."
    DeadHadToldAll,
    /// "Who was told looks for itself, so nobody watches any more."
    ToldAndUnwatched,
    /// "Who watches can be told once the lock is free."
    ToldAfterwards,
    /// "Who leaves a lock holds it, so one store will do."
    FreedByStore,
    /// "Somebody looks out for the lock, so nobody stands in line."
    LeftToOne,
    /// "The lock was free a moment ago."
    TakenAfterALook,
    /// "Who falls asleep has just looked."
    AsleepByStore,
    /// "Who leaves a line early was not served, so nobody is to be told."
    LeftUnseen,
    /// "Who has just tried in vain may sleep."
    TriedInVain,
    /// "Who sleeps can be woken, and who does not looks before it sleeps."
    OnlyWoken,
    /// "The kernel has told everybody of the death."
    DeathKeptSecret,
    /// "The first in line was roused, and is still awake."
    StillRoused,
    /// "Who was woken is the only one who slept."
    OthersForgotten,
    /// "A reservation is a favour, so nobody needs to hear of its end."
    EndedUnheard,
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Whether this thread's test has planted `bug`.
#[inline]
pub(crate) fn is_planted(bug: Bug) -> bool {
    #[cfg(test)]
    return PLANTED.get() == Some(bug);
    #[cfg(not(test))]
    {
        let _ = bug;
        false
    }
}

/// Runs `test` with `bug` planted in this thread.
#[cfg(test)]
pub(crate) fn with_planted<T>(bug: Bug, test: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(bug));
    let outcome = test();
    PLANTED.set(None);
    outcome
}
