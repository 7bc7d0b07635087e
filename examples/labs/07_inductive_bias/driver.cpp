// Networks with more and less of an idea of images, on few examples; and what beta-LASSO leaves of a network that has
// none. README.md has the formulas.
#include "bias.h"
#include "bias_colour.h"
#include "colours.h"
#include "data.h"
#include "lab.h"
#include "model.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numbers>
#include <random>
#include <span>

using namespace lab;

namespace {

struct Run {
  const char *title, *network;
  double lambda, beta;
  double right = 0; ///< of test images, %
  std::vector<float> weights = {};
};

/// Image i, mirrored by chance, and moved by up to two pixels each way.
void augment(const Images &images, size_t i, float *to, std::mt19937 &bits) {
  const int side = int(images.side), dx = int(bits() % 5) - 2, dy = int(bits() % 5) - 2;
  const bool mirrored = bits() % 2;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      // What comes from outside is the nearest pixel.
      const size_t fx = size_t(std::clamp((mirrored ? side - 1 - x : x) + dx, 0, side - 1));
      const size_t fy = size_t(std::clamp(y + dy, 0, side - 1));
      for (size_t c = 0; c < images.channels; ++c)
        *to++ = images.pixels[i * images.numbers() + (fy * images.side + fx) * images.channels + c];
    }
}

/// A set of images, the model that was compiled for its shape, and how long it is trained.
struct Set {
  const char *name;
  const sinter_program &program;
  size_t batch, tests, epochs;
};

/// Adds to `run` what the network, trained on `images`, has right of `test`, as a `part` of the whole.
void train(Lab &lab, const Set &set, Run &run, const Images &images, const Images &test, double part = 1) {
  sinter::host::Model model(set.program, {.seed = 1});
  const size_t batch = set.batch, tests = set.tests, epochs = set.epochs;
  std::mt19937 bits(2);
  const std::string entry = std::string("train_") + run.network, eval = std::string("eval_") + run.network;
  model.set(entry.c_str(), "lambda", run.lambda), model.set(entry.c_str(), "beta", run.beta);
  std::vector<size_t> order(images.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  const size_t steps = epochs * (images.size() / batch);
  std::vector<float> x(batch * images.numbers());
  std::vector<int32_t> labels(batch);
  double loss = 0;
  for (size_t step = 0; step < steps; ++step) {
    const size_t at = step % (images.size() / batch) * batch;
    if (at == 0)
      std::ranges::shuffle(order, bits);
    for (size_t i = 0; i < batch; ++i) {
      augment(images, order[at + i], &x[i * images.numbers()], bits);
      labels[i] = images.labels[order[at + i]];
    }
    model.set(entry.c_str(), "images", x), model.set(entry.c_str(), "labels", labels);
    model.set(entry.c_str(), "lr", 0.15 * (1 + std::cos(std::numbers::pi * double(step) / double(steps))));
    model.call(entry.c_str());
    loss = model.number(entry.c_str(), "loss");
  }
  const size_t rounds = test.size() / tests;
  for (size_t at = 0; at < rounds * tests; at += tests) {
    model.set(eval.c_str(), "images", std::span(&test.pixels[at * test.numbers()], tests * test.numbers()));
    model.set(eval.c_str(), "labels", std::span(&test.labels[at], tests));
    model.call(eval.c_str());
    run.right += part * 100 * model.number(eval.c_str(), "right") / double(rounds * tests);
  }
  if (run.network == std::string("fc")) {
    run.weights = state_of(model, "fc.first.weight");
  }
  lab.record("run", {{"lambda", run.lambda}, {"beta", run.beta}, {"right", run.right}, {"loss", loss}});
  std::printf("%s: %-24s right %.2f %%  last loss %.4f\n", set.name, run.title, run.right, loss);
}

/// Share of weights that are zero, %.
double zeros(const std::vector<float> &weights) {
  return 100.0 * double(std::ranges::count(weights, 0.0f)) / double(weights.size());
}

/// How far the weights of a unit, squared, are from their centre: root mean square in pixels, mean over units. Weights
/// are [side, side, channels, units].
double radius(const std::vector<float> &weights, size_t side, size_t channels) {
  const size_t units = weights.size() / (side * side * channels);
  std::vector<double> radii;
  for (size_t unit = 0; unit < units; ++unit) {
    double mass = 0, sx = 0, sy = 0, squares = 0;
    for (size_t i = 0; i < side * side * channels; ++i) {
      const double w = weights[i * units + unit], x = double(i / channels % side), y = double(i / channels / side);
      mass += w * w, sx += w * w * x, sy += w * w * y, squares += w * w * (x * x + y * y);
    }
    if (mass > 0)
      radii.push_back(std::sqrt(std::max(0.0, squares / mass - (sx * sx + sy * sy) / (mass * mass))));
  }
  return mean(radii);
}

/// The 24 units with the largest weights, 6 in a row, each as a picture of its first channel.
Picture filters(const Run &run, size_t side, size_t channels) {
  const size_t units = run.weights.size() / (side * side * channels), columns = 6, rows = 4;
  std::vector<std::pair<double, size_t>> norms(units);
  for (size_t i = 0; i < run.weights.size(); ++i)
    norms[i % units].first -= double(run.weights[i]) * run.weights[i], norms[i % units].second = i % units;
  std::ranges::sort(norms);
  Picture picture{.title = run.title, .columns = columns * (side + 1)};
  picture.values.assign(picture.columns * rows * (side + 1), 0);
  for (size_t n = 0; n < std::min(units, columns * rows); ++n) {
    float largest = 1e-9f;
    for (size_t i = 0; i < side * side; ++i)
      largest = std::max(largest, std::abs(run.weights[i * channels * units + norms[n].second]));
    for (size_t y = 0; y < side; ++y)
      for (size_t x = 0; x < side; ++x)
        picture.values[(n / columns * (side + 1) + y) * picture.columns + n % columns * (side + 1) + x] =
            run.weights[(y * side + x) * channels * units + norms[n].second] / largest;
  }
  return picture;
}

/// Each network on the set, in the order that the paper's table has.
std::vector<Run> networks(double lambda) {
  return {{"S-CONV", "conv", 0, 0},
          {"S-LOCAL", "local", 0, 0},
          {"S-FC, beta-LASSO 50", "fc", lambda, 50},
          {"S-FC, SGD", "fc", 0, 0},
          {"3-FC, SGD", "fc3", 0, 0},
          {"S-FC, beta-LASSO 1", "fc", lambda, 1},
          {"S-FC, L1 norm (beta 0)", "fc", lambda, 0}};
}

/// How many of the four steps of S-CONV >= S-LOCAL > S-FC (beta-LASSO) > S-FC (SGD) > 3-FC hold.
int steps_in_order(const std::vector<Run> &runs) {
  int steps = 0;
  for (size_t i = 0; i < 4; ++i)
    steps += runs[i].right > runs[i + 1].right || (i == 0 && runs[0].right == runs[1].right);
  return steps;
}

Panel bars(const std::string &title, const std::vector<Run> &runs) {
  Series right{.title = "", .style = "boxes fill solid 0.6"};
  std::string names = "unset key; set boxwidth 0.6; set xtics rotate by -25 (";
  double least = 100, most = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    right.x.push_back(double(i)), right.y.push_back(runs[i].right);
    least = std::min(least, runs[i].right), most = std::max(most, runs[i].right);
    names += (i ? ", '" : "'") + std::string(runs[i].title) + "' " + std::to_string(i);
  }
  names +=
      "); set yrange [" + digits(std::floor(least - 0.5 * (most - least) - 1)) + ":" + digits(std::ceil(most)) + "]";
  return {title, "network and optimizer", "test images right, %", {right}, names};
}

/// What beta-LASSO leaves of the first layer.
void weights(Lab &lab, const std::vector<Run> &runs, const Images &images) {
  const Run &lasso = runs[2], &sgd = runs[3], &one = runs[5], &zero = runs[6];
  const double all[] = {zeros(lasso.weights), zeros(one.weights), zeros(zero.weights), zeros(sgd.weights)};
  lab.at_least("first-layer weights that are zero, %: beta 50, more than beta 1", all[1], all[0]);
  lab.at_least("the same: beta 1, more than beta 0", all[2], all[1]);
  lab.expect("the same: SGD", "0", digits(all[3]), all[3] == 0);
  const double spread = radius(sgd.weights, images.side, images.channels),
               kept = radius(lasso.weights, images.side, images.channels);
  lab.at_most("radius of a unit's weights, pixels: beta 50, less than SGD", spread, kept);
  lab.record(
      "weights",
      {{"zeros50", all[0]}, {"zeros1", all[1]}, {"zeros0", all[2]}, {"radius_sgd", spread}, {"radius_lasso", kept}});
  plot_pictures({filters(sgd, images.side, images.channels), filters(lasso, images.side, images.channels)},
                ".filters.svg");
}

/// A file as CIFAR-10 has them, of two images whose numbers are known.
void check_cifar(Lab &lab) {
  const std::string path = result(".generated.bin");
  std::ofstream file(path, std::ios::binary);
  for (int image = 0; image < 2; ++image) {
    file.put(char(3 + 4 * image));
    for (int i = 0; i < 3072; ++i)
      file.put(char(unsigned((i * 7 + image) % 256)));
  }
  file.close();
  Images images;
  read_cifar(path, images);
  bool right = images.labels == std::vector<int32_t>{3, 7} && images.pixels.size() == 2 * 3072;
  for (int image = 0; right && image < 2; ++image)
    for (int i = 0; i < 3072; ++i) // plane by plane in the file, pixel by pixel here
      right &= images.pixels[size_t(image * 3072 + i % 1024 * 3 + i / 1024)] == float((i * 7 + image) % 256) / 255;
  lab.expect("CIFAR-10's reader on a generated file", "its numbers", right ? "its numbers" : "others", right);
}

} // namespace

int main() {
  return run([](Lab &lab) {
    check_cifar(lab);
    const double lambda = 1e-3;
    const Set grey{"Fashion-MNIST", bias_program, bias_train_fc_labels_count, bias_eval_fc_labels_count,
                   full_or_small(12, 2)};
    const Images images = fashion_mnist("train", 0, full_or_small(10000, 640)),
                 test = fashion_mnist("t10k", 0, full_or_small(10000, 400));
    std::vector<Run> on_fashion = networks(lambda);
    for (Run &run : on_fashion)
      train(lab, grey, run, images, test);

    // Colours: CIFAR-10 where the user has it, else emoji, of which one fourth, then another, is the test of the
    // others.
    const Set colour{"colours", bias_colour_program, bias_colour_train_fc_labels_count,
                     bias_colour_eval_fc_labels_count, full_or_small(40, 1)};
    std::vector<Run> on_colours = networks(lambda);
    on_colours.resize(5);
    const char *cifar = std::getenv("CIFAR10");
    if (cifar) {
      Images some, others;
      read_cifar(std::string(cifar) + "/data_batch_1.bin", some);
      read_cifar(std::string(cifar) + "/test_batch.bin", others);
      for (Run &run : on_colours)
        train(lab, colour, run, some, others);
    } else {
      const Images emoji = read_emoji();
      if (emoji.size() < 4 * colour.tests)
        throw std::runtime_error("only " + std::to_string(emoji.size()) + " emoji");
      for (size_t fold = 0; fold < full_or_small(2, 1); ++fold) {
        Images some{.side = 32, .channels = 3}, others = some;
        for (size_t i = 0; i < emoji.size(); ++i) {
          Images &to = i / colour.tests == fold ? others : some;
          to.labels.push_back(emoji.labels[i]);
          to.pixels.insert(to.pixels.end(), emoji.pixels.begin() + std::ptrdiff_t(i * 3072),
                           emoji.pixels.begin() + std::ptrdiff_t((i + 1) * 3072));
        }
        for (Run &run : on_colours)
          train(lab, colour, run, some, others, full_or_small(0.5, 1.0));
      }
    }

    const int grey_steps = steps_in_order(on_fashion), colour_steps = steps_in_order(on_colours);
    const std::string second = cifar ? "CIFAR-10" : "emoji";
    const double gains[] = {on_fashion[0].right - on_fashion[3].right, on_colours[0].right - on_colours[3].right};
    if (!small) // two epochs teach nothing about it
      lab.expect("S-CONV less S-FC (SGD): Fashion-MNIST, " + second + ": right, %", "above 0 on one of them",
                 digits(gains[0], 2) + ", " + digits(gains[1], 2), gains[0] > 0 || gains[1] > 0);
    lab.show("steps of the table's order that hold: Fashion-MNIST, " + second, "4 on one of them",
             std::to_string(grey_steps) + ", " + std::to_string(colour_steps));
    weights(lab, on_fashion, images);
    plot({bars("Fashion-MNIST, 10,000 images", on_fashion),
          bars(cifar ? "CIFAR-10, 10,000 images" : "Emoji in 8 groups, 1,029 images", on_colours)});
  });
}
