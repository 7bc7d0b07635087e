// One connection: requests come one after the other, each is answered before the next is read.
#pragma once

#include "service.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace sinter::serve {

/// What a connection may cost, and how long it may take.
struct ConnectionLimits {
  uint32_t headerBytes = 16384;
  uint64_t bodyBytes = uint64_t(1) << 20;
  size_t unsentBytes = size_t(8) << 20; ///< of a stream whose reader is slow
  std::chrono::seconds request{30};     ///< until a whole request is there; so long is a connection kept without one
  std::chrono::seconds write{30};       ///< until a part of the response has been taken
};

class Session final : public Outlet, public std::enable_shared_from_this<Session> {
public:
  /// `gone` is called once, when it lets go of the connection.
  Session(boost::asio::io_context &io, boost::asio::ip::tcp::socket &&socket, Service &service,
          const ConnectionLimits &limits, std::function<void()> gone);
  ~Session() override;
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  void start() { readHeader(); }
  /// No further request is read: if none is being answered, the connection ends now, else after the answer.
  void leave();

  void sendWhole(Response response) override;
  void sendEvent(std::string_view event) override;
  void endEvents() override;

private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Error = boost::beast::error_code;

  void readHeader();
  void onHeader(Error error);
  void readBody();
  void onBody(Error error);
  void refuse(Response response);
  void onWritten(Error error);
  void beginEvents();
  void flush();
  void onFlushed(Error error);
  void watch();
  void linger();
  void close();

  boost::asio::io_context &io_;
  boost::beast::tcp_stream stream_;
  Service &service_;
  const ConnectionLimits &limits_;
  std::function<void()> gone_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Request request_;
  std::shared_ptr<Completion> completion_; ///< that is being answered
  std::shared_ptr<Session> itself_;        ///< as long as that takes: nothing else may hold it then
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::array<char, 4096> ignored_;
  std::string header_, unsent_, sending_; ///< of a response; of a stream what waits, and what is on its way
  bool streams_ = false, streamEnds_ = false, chunked_ = false, writing_ = false;
  bool keepAlive_ = false, unread_ = false, lingering_ = false, leaving_ = false, watching_ = false, closed_ = false,
       idle_ = true;
};

} // namespace sinter::serve
