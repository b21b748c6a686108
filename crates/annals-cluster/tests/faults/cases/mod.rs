//! What is done to servers, nodes, folders and answers.

mod answers;
mod folders;
mod nodes;
mod outage;
mod power;
mod servers;

use crate::{bed::Setting, report::Row, round::Round, size::Size};

/// A case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What is done, for the report.
    pub(crate) what: &'static str,
    pub(crate) runs: Run,
    story: Story,
}

/// When a case is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// With all tests, briefly, and at length.
    Always,
    /// Only at length.
    AtLength,
}

#[derive(Debug)]
enum Story {
    /// Harm after which everything has to be as if there had been none.
    Harm(Setting, fn(&mut Round)),
    /// The log itself is lost in part.
    Loss,
}

/// Why a case cannot be run on this machine.
#[derive(Debug)]
pub(crate) struct Cannot(pub(crate) String);

impl Case {
    /// Runs it.
    ///
    /// # Errors
    /// Why it cannot be run.
    pub(crate) fn run(&self, size: Size) -> Result<Row, Cannot> {
        match self.story {
            Story::Loss => Ok(power::run(self, Round::start(Setting::Usual, size)?)),
            Story::Harm(setting, harm) => {
                let mut round = Round::start(setting, size)?;
                harm(&mut round);
                Ok(round.finish(self))
            }
        }
    }
}

const fn always(name: &'static str, what: &'static str, story: Story) -> Case {
    Case { name, what, runs: Run::Always, story }
}

const fn at_length(name: &'static str, what: &'static str, story: Story) -> Case {
    Case { name, what, runs: Run::AtLength, story }
}

/// All cases.
pub(crate) const CASES: &[Case] = &[
    always(
        "kill_the_leader",
        "`kill -9` of the server that leads the log; it is started again when appends go on",
        Story::Harm(Setting::Usual, servers::kill_the_leader),
    ),
    at_length(
        "kill_a_follower",
        "`kill -9` of a server that follows; it is started again when appends go on",
        Story::Harm(Setting::Usual, servers::kill_a_follower),
    ),
    at_length(
        "kill_all_servers",
        "`kill -9` of all three servers; they are started again after 1.5 s",
        Story::Harm(Setting::Usual, servers::kill_all),
    ),
    always(
        "pause_the_leader",
        "`SIGSTOP` of the server that leads the log, for 20 s (10 s in the short run)",
        Story::Harm(Setting::Usual, servers::pause_the_leader),
    ),
    at_length(
        "cut_off_the_leader_in_silence",
        "the server that leads the log cannot reach the other two, and nobody is told, for 20 s",
        Story::Harm(Setting::Usual, servers::cut_in_silence),
    ),
    at_length(
        "cut_off_the_leader_abruptly",
        "the server that leads the log loses its connections to the other two, for 20 s",
        Story::Harm(Setting::Usual, servers::cut_abruptly),
    ),
    always(
        "kill_a_node",
        "`kill -9` of node c in the middle of its proposals; it is started on its folder",
        Story::Harm(Setting::Usual, nodes::kill),
    ),
    at_length(
        "cut_off_a_node_in_silence",
        "node c cannot reach its server, and is not told, for 20 s",
        Story::Harm(Setting::Apart, nodes::cut_in_silence),
    ),
    at_length(
        "cut_off_a_node_abruptly",
        "node c loses its connections, and gets no new ones for 20 s",
        Story::Harm(Setting::Apart, nodes::cut_abruptly),
    ),
    at_length(
        "delete_a_folder",
        "`kill -9` of node c; its folder is deleted, and it is started on an empty one",
        Story::Harm(Setting::Usual, folders::delete),
    ),
    always(
        "damage_a_sealed_segment",
        "`kill -9` of node c; a byte in the middle of its first segment is flipped",
        Story::Harm(Setting::Usual, folders::damage_sealed),
    ),
    at_length(
        "damage_the_open_segment",
        "`kill -9` of node c; a byte in the written part of its last segment is flipped",
        Story::Harm(Setting::Usual, folders::damage_open),
    ),
    always(
        "roll_back_a_folder",
        "node c's folder is put back to a copy from before hundreds of appends, after a `kill -9`",
        Story::Harm(Setting::Usual, folders::roll_back),
    ),
    at_length(
        "fill_a_disk",
        "node c's disk is filled to the last byte, and has room again 20 s after it said so",
        Story::Harm(Setting::SmallDisk, folders::fill_the_disk),
    ),
    at_length(
        "lose_power",
        "the servers sync before they answer; they and node c lose their power at once, six times",
        Story::Harm(Setting::OwnDisks, outage::lose_power),
    ),
    always(
        "lose_answers",
        "of the messages of nodes a and b, a tenth each: the answer is lost, the message is lost, \
         it comes twice, it comes again 2 s later",
        Story::Harm(Setting::Lossy, answers::lose),
    ),
    always(
        "lose_the_end_of_the_log",
        "all servers are killed, the data of two is put back to a copy from before hundreds of \
         appends, and these two start without the third: a power loss with the servers' default \
         sync",
        Story::Loss,
    ),
];
