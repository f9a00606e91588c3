//! Graphs as JSON: what is saved comes back, and what else may be in a file is an error.

#[path = "graph_golden/cases.rs"]
#[allow(dead_code, reason = "values are of no interest here")]
mod cases;
mod graph;

use graph::Random;
use metal_bridge::graph::{
    AdamDescriptor, Dim, Graph, GraphCompilationDescriptor, GraphDevice, GraphProblem, GraphTensor,
    LossReduction, Shape, TensorData, TensorDataType,
};
use metal_bridge::{Device, Error};

/// What executes graphs here. The unit tests of `graph/lower` run these tests, too, on a device of theirs.
fn test_device() -> metal_bridge::Device {
    metal_bridge::Device::system_default().unwrap()
}

const EXAMPLE: &str = include_str!("../examples/classifier.json");

fn problem(text: &str) -> GraphProblem {
    match Graph::from_json(text) {
        Err(Error::Graph(error)) => {
            assert_eq!(error.operation(), "from_json");
            assert!(error.location().file().ends_with("graph_saved.rs"));
            error.problem().clone()
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted: {text}"),
    }
}

/// Each operation, its gradients and theirs.
#[test]
fn all_operations_come_back() {
    let mut operations = 0;
    for floats in [TensorDataType::Float32, TensorDataType::BFloat16] {
        for case in cases::load().iter().filter(|case| !case.is_optimiser()) {
            let built = case.build(floats).unwrap();
            let all = built.outputs.iter().chain(&built.first).chain(&built.second);
            let targets: Vec<&GraphTensor> = all.collect();
            let json = built.graph.to_json(&targets).unwrap();
            let (copy, copies) =
                Graph::from_json(&json).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let types = |tensors: &[&GraphTensor]| -> Vec<_> {
                tensors.iter().map(|tensor| (tensor.data_type(), tensor.shape(), tensor.label())).collect()
            };
            let copies: Vec<&GraphTensor> = copies.iter().collect();
            assert_eq!(types(&copies), types(&targets), "{}", case.name);
            assert_eq!(copy.to_json(&copies).unwrap(), json, "{}", case.name);
            operations += copy.operation_count();
        }
    }
    assert!(operations > 1000, "only {operations} operations");
}

#[test]
fn variables_constants_and_names_come_back() {
    let graph = Graph::new();
    let unused = graph.variable(TensorData::new([1], &[1i64]).unwrap(), "unused").unwrap();
    let state = graph.variable(TensorData::new([2], &[1.5f32, -0.0]).unwrap(), "state").unwrap();
    let constant = graph.constant_with_data([2], &[f32::NAN, 1e-40]).unwrap().with_label("a \"b\"");
    let open = graph.placeholder_tensor([Dim::open("n"), 2.into()], TensorDataType::Float32).unwrap();
    let masked = graph.maximum(&open, f64::NEG_INFINITY).unwrap();
    let next = graph.assign(&state, &(&state + &constant).unwrap()).unwrap();
    let flat = graph.flatten(&masked, 0).unwrap();
    let _ = unused;

    let json = graph.to_json(&[&next, &flat]).unwrap();
    let (copy, targets) = Graph::from_json(&json).unwrap();
    assert!(!copy.to_text().contains("unused"));
    assert_eq!(targets[1].shape().to_string(), "[2*n]");
    assert_eq!(copy.placeholders().len(), 1);
    let text = copy.to_text();
    assert!(text.contains("variable @0 \"state\" = ") && text.contains("\"a \\\"b\\\"\""), "{text}");
    assert!(text.contains("fill -inf") && text.contains("assign at graph_saved.rs:"), "{text}");
    assert_eq!(copy.to_json(&targets.iter().collect::<Vec<_>>()).unwrap(), json);
    let value = metal_bridge::graph::reference::evaluate(&[&targets[0]], &[]).unwrap();
    assert_eq!(value[0].to_f64()[1], f64::from(1e-40f32));
}

/// The file in the repository, which programs of other versions may have written, is still read.
#[test]
fn the_example_is_read() {
    let (graph, targets) = Graph::from_json(EXAMPLE).unwrap();
    assert_eq!(graph.to_json(&targets.iter().collect::<Vec<_>>()).unwrap(), EXAMPLE);
    let labels: Vec<_> = graph.placeholders().iter().map(GraphTensor::label).collect();
    assert_eq!(labels, ["points", "classes"]);
    assert_eq!(targets[0].shape(), Shape::scalar());
    assert!(graph.to_text().contains("softmax_cross_entropy at classifier.rs:"));
}

#[test]
fn a_loaded_graph_can_be_extended() {
    let (graph, targets) = Graph::from_json(EXAMPLE).unwrap();
    let doubled = (&targets[0] * 2.0).unwrap();
    let points = &graph.placeholders()[0];
    let gradient = graph.gradients(&doubled, &[points]).unwrap();
    assert_eq!(gradient[0].shape(), points.shape());
}

#[test]
fn mistakes_in_files_are_named() {
    let operation = |op: &str, operands: &str| {
        format!(
            "{{\"metal_bridge_graph\": 1, \"variables\": [], \"operations\": [\n\
             {{\"op\":{{\"placeholder\":{{\"data_type\":\"f32\",\"shape\":[2,3]}}}},\"operands\":[],\"call\":\"x\",\"file\":\"a.rs\",\"line\":1}},\n\
             {{\"op\":{op},\"operands\":{operands},\"call\":\"y\",\"file\":\"a.rs\",\"line\":2}}], \"targets\": [1]}}"
        )
    };
    assert!(Graph::from_json(&operation("{\"unary\":\"exp\"}", "[0]")).is_ok());
    for (text, part) in [
        (String::new(), "EOF"),
        ("[]".into(), "invalid length 0"),
        ("{\"metal_bridge_graph\": 1}".into(), "missing field"),
        (operation("{\"unary\":\"exp\"}", "[0]").replace("graph\": 1", "graph\": 9"), "version 9"),
        (operation("{\"unary\":\"exp\"}", "[0]").replace("\"targets\": [1]", "\"targets\": [2]"), "target 2"),
        (operation("{\"unary\":\"exp\"}", "[-1]"), "invalid value"),
        (operation("{\"unary\":\"sink\"}", "[0]"), "unknown variant `sink`"),
        (
            operation("{\"fill\":{\"value\":{\"data_type\":\"u8\",\"value\":256},\"shape\":[]}}", "[]"),
            "u8 cannot hold 256",
        ),
        (
            operation("{\"data\":{\"data_type\":\"f32\",\"shape\":[2],\"base64\":\"AAAA\"}}", "[]"),
            "needs 8 bytes",
        ),
        (operation("{\"data\":{\"data_type\":\"f32\",\"shape\":[2],\"base64\":\"?\"}}", "[]"), "nvalid"),
        (operation("{\"data\":{\"data_type\":\"bool\",\"shape\":[1],\"base64\":\"Ag==\"}}", "[]"), "0 or 1"),
        (operation("{\"reshape\":{\"shape\":[\"6*+\"]}}", "[0]"), "is no size"),
        (operation("{\"reshape\":{\"shape\":[\"n m\"]}}", "[0]"), "`shape` is a dimension called"),
        (operation("{\"unary\":\"exp\"}", "[1]"), "operation 1"),
        (operation("{\"unary\":\"exp\"}", "[]"), "0 of exp"),
        (operation("\"mat_mul\"", "[0,0]"), "3 rows"),
        (operation("{\"read\":0}", "[]"), "there is no variable 0"),
        (operation("{\"concat\":{\"axis\":0}}", "[]"), "0 of concat"),
        (operation("{\"concat\":{\"axis\":7}}", "[0]"), "no axis 7"),
        (operation("{\"permute\":{\"axes\":[0,0]}}", "[0]"), "twice"),
        (operation("{\"broadcast\":{\"shape\":[9223372036854775807,2,3]}}", "[0]"), "bytes"),
        (operation("{\"reduce\":{\"op\":\"sum\",\"axes\":[1,0]}}", "[0]"), "twice"),
    ] {
        let problem = problem(&text);
        assert!(matches!(problem, GraphProblem::NotSaved { .. } | GraphProblem::SavedOperation { .. }));
        assert!(problem.to_string().contains(part), "expected {part:?}: {problem}\n{text}");
    }
}

/// Files of which something is another thing: an error, or a graph that can be shown and compiled as any other.
#[test]
fn broken_files_do_no_harm() {
    let graph = Graph::new();
    let x = graph.placeholder_tensor([2, 3, 6, 6], TensorDataType::Float32).unwrap();
    let w = graph.variable(TensorData::new([3, 3, 3, 3], &[0.5f32; 81]).unwrap(), "w").unwrap();
    let y = graph.convolution_2d(&x, &w, None, &Default::default()).unwrap();
    let y = graph.max_pool_2d(&y, &metal_bridge::graph::Pooling2dDescriptor::new(2, 2)).unwrap();
    let y = graph.flatten(&graph.slice(&y, 1, 1..3).unwrap(), 1).unwrap();
    let labels = graph.placeholder_tensor([2], TensorDataType::Int32).unwrap();
    let loss = graph.softmax_cross_entropy(&y, &labels, -1, LossReduction::Mean).unwrap();
    let gradients = graph.gradients(&loss, &[&w]).unwrap();
    let steps = graph.adam_step(&[&w], &[&gradients[0]], 0.1, &AdamDescriptor::default()).unwrap();
    let mut targets = vec![&loss];
    targets.extend(&steps);
    let json = graph.to_json(&targets).unwrap();

    let words = ["0", "1", "3", "-1", "18446744073709551615", "[]", "null", "\"n\"", "\"f32\"", "true", "7"];
    let (mut accepted, mut written, mut random) = (0, 0, Random::new(5));
    for _ in 0..600 {
        let mut text = json.clone();
        for _ in 0..=random.below(2) {
            // A number, or a byte, becomes something else.
            let digits: Vec<_> = text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
            let at = digits[random.below(digits.len())];
            text.replace_range(at..=at, words[random.below(words.len())]);
        }
        if let Ok((graph, targets)) = Graph::from_json(&text) {
            accepted += 1;
            assert!(graph.to_text().len() > 100 && graph.to_dot().starts_with("digraph"));
            let targets: Vec<&GraphTensor> = targets.iter().collect();
            graph.to_json(&targets).unwrap();
            // The null device has no compiler, so this ends with an error, but only when all kernels are written.
            let placeholders = graph.placeholders();
            let feeds: Vec<&GraphTensor> = placeholders.iter().collect();
            let device = GraphDevice::new(&Device::null());
            let compiled = graph.compile(&device, &feeds, &targets, &GraphCompilationDescriptor::new());
            written += usize::from(matches!(compiled, Err(Error::Pipeline(_))));
        }
    }
    assert!(written > 20, "{written} graphs were compiled");
    assert!((20..580).contains(&accepted), "{accepted} of 600 accepted");
}
