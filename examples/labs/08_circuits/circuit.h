// circuit.h - circuits of AND, OR and NOT from a text, their values gate by gate, and their weights as a network.
//
//   inputs a b            # once, first
//   both = and a b        # and, or: of any number of wires; not: of one
//   outputs both          # once, last
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Circuit {
  struct Gate {
    enum Kind { Input, And, Or, Not } kind;
    std::vector<size_t> of; ///< numbers of earlier gates
    size_t level;           ///< 0 for inputs, else one more than the highest of those
  };
  std::vector<Gate> gates; ///< inputs first
  std::vector<size_t> outputs;
  size_t inputs = 0;
};

/// Throws, with the number of the line, what does not read as a circuit.
inline Circuit read_circuit(std::istream &text) {
  Circuit circuit;
  std::map<std::string, size_t> names;
  std::string line, word;
  for (int number = 1; std::getline(text, line); ++number) {
    auto fail = [&](const std::string &what) {
      throw std::runtime_error("line " + std::to_string(number) + ": " + what);
    };
    auto wire = [&](const std::string &name) {
      if (!names.contains(name))
        fail("there is no wire " + name + " yet");
      return names[name];
    };
    auto define = [&](const std::string &name, Circuit::Gate gate) {
      if (!names.emplace(name, circuit.gates.size()).second)
        fail("wire " + name + " is there already");
      circuit.gates.push_back(std::move(gate));
    };
    std::istringstream words(line.substr(0, line.find('#')));
    if (!(words >> word))
      continue;
    if (word == "inputs") {
      for (; words >> word; ++circuit.inputs)
        define(word, {Circuit::Gate::Input, {}, 0});
    } else if (word == "outputs") {
      while (words >> word)
        circuit.outputs.push_back(wire(word));
    } else {
      std::string equals, kind, name = word;
      words >> equals >> kind;
      if (equals != "=" || (kind != "and" && kind != "or" && kind != "not"))
        fail("expected NAME = and|or|not WIRES");
      Circuit::Gate gate{kind == "and"  ? Circuit::Gate::And
                         : kind == "or" ? Circuit::Gate::Or
                                        : Circuit::Gate::Not,
                         {},
                         0};
      while (words >> word) {
        gate.of.push_back(wire(word));
        gate.level = std::max(gate.level, circuit.gates[gate.of.back()].level + 1);
      }
      if (gate.of.empty() || (gate.kind == Circuit::Gate::Not && gate.of.size() != 1))
        fail(kind + " of " + std::to_string(gate.of.size()) + " wires");
      define(name, std::move(gate));
    }
  }
  if (circuit.outputs.empty())
    throw std::runtime_error("a circuit without outputs");
  return circuit;
}

/// The values of the outputs for these inputs, by the gates' own meaning.
inline std::vector<bool> evaluate(const Circuit &circuit, const std::vector<bool> &inputs) {
  std::vector<bool> value(circuit.gates.size());
  for (size_t i = 0; i < circuit.gates.size(); ++i) {
    const Circuit::Gate &gate = circuit.gates[i];
    auto holds = [&](size_t of) { return bool(value[of]); };
    value[i] = gate.kind == Circuit::Gate::Input ? bool(inputs[i])
               : gate.kind == Circuit::Gate::And ? std::ranges::all_of(gate.of, holds)
               : gate.kind == Circuit::Gate::Or  ? std::ranges::any_of(gate.of, holds)
                                                 : !holds(gate.of[0]);
  }
  std::vector<bool> result;
  for (size_t output : circuit.outputs)
    result.push_back(value[output]);
  return result;
}

/// The same circuit in layers of `width` wires: [layers, width, width] and [layers, width]. Wire j of layer i is 1
/// where the sum of weights[i, :, j] times the wires before, plus biases[i, j], is at least 1.
struct Layers {
  std::vector<float> weights, biases;
  std::vector<size_t> outputs; ///< their wires in the last layer
};

inline Layers compile(const Circuit &circuit, size_t layers, size_t width) {
  const size_t count = circuit.gates.size();
  std::vector<size_t> last_use(count, 0); // the level of the last gate that reads a wire
  for (const Circuit::Gate &gate : circuit.gates)
    for (size_t of : gate.of)
      last_use[of] = std::max(last_use[of], gate.level);
  for (size_t output : circuit.outputs)
    last_use[output] = layers + 1;
  Layers result{std::vector<float>(layers * width * width, 0), std::vector<float>(layers * width, 0), {}};
  std::vector<size_t> before(count), now(count); // the place of each wire in a layer
  for (size_t i = 0; i < circuit.inputs; ++i)
    before[i] = i;
  for (size_t layer = 1; layer <= layers; ++layer) {
    size_t place = 0;
    for (size_t i = 0; i < count; ++i) {
      const Circuit::Gate &gate = circuit.gates[i];
      if (gate.level > layers)
        throw std::runtime_error("a circuit of more than " + std::to_string(layers) + " layers");
      if (gate.level > layer || (gate.level < layer && last_use[i] <= layer))
        continue; // not there yet, or not needed any more
      if (place == width)
        throw std::runtime_error("a circuit of more than " + std::to_string(width) + " wires at a time");
      auto weight = [&](size_t from) -> float & {
        return result.weights[((layer - 1) * width + before[from]) * width + place];
      };
      float &bias = result.biases[(layer - 1) * width + place];
      if (gate.level < layer) { // pass it on
        weight(i) = 1;
      } else if (gate.kind == Circuit::Gate::Not) {
        weight(gate.of[0]) = -1, bias = 1;
      } else {
        for (size_t of : gate.of)
          weight(of) += 1;
        bias = gate.kind == Circuit::Gate::And ? 1 - float(gate.of.size()) : 0;
      }
      now[i] = place++;
    }
    std::swap(before, now);
  }
  for (size_t output : circuit.outputs)
    result.outputs.push_back(before[output]);
  return result;
}

/// A random one: `gates` gates of two or three wires each (or a not), the last ten of which are outputs.
template <typename Bits> Circuit random_circuit(size_t inputs, size_t gates, Bits &bits) {
  std::ostringstream text;
  auto name = [](size_t i) { return std::string("w").append(std::to_string(i)); };
  text << "inputs";
  for (size_t i = 0; i < inputs; ++i)
    text << " " << name(i);
  for (size_t i = inputs; i < inputs + gates; ++i) {
    const size_t kind = bits() % 3;
    text << "\n" << name(i) << (kind == 0 ? " = and" : kind == 1 ? " = or" : " = not");
    for (size_t k = 0; k < (kind == 2 ? 1 : 2 + bits() % 2); ++k)
      text << " " << name(bits() % i);
  }
  text << "\noutputs";
  for (size_t i = inputs + gates - 10; i < inputs + gates; ++i)
    text << " " << name(i);
  std::istringstream in(text.str());
  return read_circuit(in);
}
