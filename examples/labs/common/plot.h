// plot.h - plots as SVG, drawn by gnuplot.
#pragma once

#include "lab.h"

namespace lab {

struct Series {
  std::string title;
  std::vector<double> x, y;
  std::string style = "lines"; ///< gnuplot's: lines, points, linespoints, "lines dashtype 2", boxes
};

struct Panel {
  std::string title, x, y; ///< names of the axes, with units
  std::vector<Series> series;
  std::string settings = ""; ///< more of gnuplot's commands: "set logscale xy"
};

/// Panels side by side, two in a row, in the file result(ending). Throws if gnuplot is missing or complains.
inline void plot(const std::vector<Panel> &panels, const std::string &ending = ".svg") {
  std::FILE *to = popen("gnuplot -", "w");
  if (!to)
    throw std::runtime_error("gnuplot does not start");
  const int columns = panels.size() > 1 ? 2 : 1, rows = (int(panels.size()) + columns - 1) / columns;
  const int width = columns == 1 ? 800 : 1200, height = columns == 1 ? 560 : 480 * rows;
  std::fprintf(to, "set terminal svg size %d,%d font 'DejaVu Sans,14' background 'white'\n", width, height);
  std::fprintf(to, "set output '%s'\n", result(ending).c_str());
  if (panels.size() > 1)
    std::fprintf(to, "set multiplot layout %d,%d\n", rows, columns);
  for (const Panel &panel : panels) {
    std::fprintf(
        to,
        "reset\nset encoding utf8\nset grid lc rgb '#dddddd'\nset key top right\nset border 3\nset tics nomirror\n");
    std::fprintf(to, "set linetype 1 lc rgb '#0060ad'\nset linetype 2 lc rgb '#dd4400'\nset linetype 3 lc rgb "
                     "'#2e8b57'\nset linetype 4 lc rgb '#8844aa'\nset linetype 5 lc rgb '#b8860b'\n"
                     "set linetype 6 lc rgb '#444444'\nset linetype 7 lc rgb '#00a0a0'\n");
    std::fprintf(to, "set title \"%s\"\nset xlabel \"%s\"\nset ylabel \"%s\"\n%s\n", panel.title.c_str(),
                 panel.x.c_str(), panel.y.c_str(), panel.settings.c_str());
    for (size_t i = 0; i < panel.series.size(); ++i) {
      std::fprintf(to, "$data%zu << EOD\n", i);
      const Series &series = panel.series[i];
      for (size_t j = 0; j < series.x.size(); ++j)
        std::isfinite(series.y[j]) ? std::fprintf(to, "%.9g %.9g\n", series.x[j], series.y[j]) : std::fputs("\n", to);
      std::fputs("EOD\n", to);
    }
    std::fputs("plot ", to);
    for (size_t i = 0; i < panel.series.size(); ++i)
      std::fprintf(to, "%s$data%zu using 1:2 with %s linewidth 2 title \"%s\"", i ? ", " : "", i,
                   panel.series[i].style.c_str(), panel.series[i].title.c_str());
    std::fputs("\n", to);
  }
  if (panels.size() > 1)
    std::fputs("unset multiplot\n", to);
  if (pclose(to) != 0)
    throw std::runtime_error(result(ending) + ": gnuplot could not draw it (Debian's package gnuplot-nox)");
}

/// Numbers from -1 (blue) to 1 (red) as pixels, row by row.
struct Picture {
  std::string title;
  size_t columns;
  std::vector<double> values;
};

/// Pictures side by side, two in a row.
inline void plot_pictures(const std::vector<Picture> &pictures, const std::string &ending) {
  std::FILE *to = popen("gnuplot -", "w");
  if (!to)
    throw std::runtime_error("gnuplot does not start");
  const int rows = (int(pictures.size()) + 1) / 2;
  std::fprintf(to, "set terminal svg size 1200,%d font 'DejaVu Sans,14' background 'white'\nset output '%s'\n",
               460 * rows, result(ending).c_str());
  std::fprintf(to, "set encoding utf8\nset multiplot layout %d,2\nset size ratio -1\nunset tics\nunset border\n", rows);
  std::fprintf(to, "set palette defined (-1 '#2040c0', 0 '#ffffff', 1 '#c02020')\nset cbrange [-1:1]\n"
                   "set colorbox\nset cbtics (-1, 0, 1)\nset cblabel 'weight / largest of its unit'\n");
  for (const Picture &picture : pictures) {
    std::fprintf(to, "set title \"%s\"\n$data << EOD\n", picture.title.c_str());
    for (size_t i = 0; i < picture.values.size(); ++i)
      std::fprintf(to, "%.3g%c", picture.values[i], (i + 1) % picture.columns ? ' ' : '\n');
    std::fprintf(to, "EOD\nset yrange [%zu:-1]\nset xrange [-1:%zu]\nplot $data matrix with image pixels notitle\n",
                 picture.values.size() / picture.columns, picture.columns);
  }
  std::fputs("unset multiplot\n", to);
  if (pclose(to) != 0)
    throw std::runtime_error(result(ending) + ": gnuplot could not draw it (Debian's package gnuplot-nox)");
}

} // namespace lab
