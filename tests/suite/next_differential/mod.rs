//! Rewrite rules, matchers and patterns against the real Next.js and path-to-regexp: thousands of
//! generated questions, the same for every run, each put to both sides.

mod answer;
mod classes;
mod node;
mod question;
mod random;
mod source;

use answer::Answers;
use classes::Counts;
use node::Node;
use question::Question;
use random::Random;

const ROUTES: usize = 6000;

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

#[test]
fn rules_mean_what_they_mean_in_next() {
    let Some(mut node) = Node::start("rules_mean_what_they_mean_in_next") else { return };
    let mut random = Random::new(1);
    let mut counts = Counts::default();
    for _ in 0..ROUTES {
        let question = Question::of_rules(&mut random);
        let answers = Answers::to(&question, &mut node);
        let class = if answers.agree() {
            classes::differs_in_bytes(&answers)
        } else {
            match classes::class_of(&question, &answers, &mut node) {
                Some(class) => Some(class),
                None => report(&question, &mut node),
            }
        };
        class.into_iter().for_each(|class| counts.add(class));
    }
    counts.print("rules against next@16.4.6", ROUTES);
}
