//! Rewrite rules, asked of Next.js's router.

use super::{
    answer::{Answers, Ours},
    classes::{self, Counts},
    node::Node,
    question::Question,
    random::Random,
};

const QUESTIONS: usize = 8000;

#[test]
fn rules_mean_what_they_mean_in_next() {
    let Some(mut node) = Node::start("rules_mean_what_they_mean_in_next") else { return };
    let mut random = Random::new(1);
    let mut counts = Counts::default();
    for _ in 0..QUESTIONS {
        let question = Question::of_rules(&mut random);
        let answers = Answers::to(&question, &mut node);
        let class = if answers.agree() {
            classes::differs_in_bytes(&answers)
        } else {
            let class = classes::class_of(&question, &answers, &mut node);
            Some(class.unwrap_or_else(|| report(&question, &mut node)))
        };
        match (class, &answers.ours) {
            (Some(class), _) => counts.differs(class),
            (None, Ours::Goes(goes)) => counts.same(&goes.kind),
            (None, _) => counts.same("invalid"),
        }
    }
    counts.print("rules against next@16.4.6");
}

/// Ends the test with the smallest question that still shows the difference.
fn report(question: &Question, node: &mut Node) -> ! {
    let mut smallest = question.clone();
    while let Some(smaller) = smallest.smaller().into_iter().find(|smaller| {
        let answers = Answers::to(smaller, node);
        !answers.agree() && classes::class_of(smaller, &answers, node).is_none()
    }) {
        smallest = smaller;
    }
    let Answers { ours, theirs } = Answers::to(&smallest, node);
    let question = smallest.to_json("route");
    panic!("a difference of no class\n{question}\nours:   {ours:?}\ntheirs: {theirs:?}");
}
