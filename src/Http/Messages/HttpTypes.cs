using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Wasi.Bindings.Io;

namespace Skiff.Http.Messages;

/// <summary>The functions of wasi:http/types that belong to no object. Keeps nothing: one for all guests.</summary>
internal sealed class HttpTypes : ITypes
{
    public ErrorCode? HttpErrorCode(IError err) => (err as HttpIoError)?.Code;

    public IFields CreateFields() => new Fields();

    public Result<IFields, HeaderError> FieldsFromList((string, byte[])[] entries)
    {
        var made = Fields.From(entries);
        return made.IsOk ? Result<IFields, HeaderError>.Ok(made.Value) : made.ErrorValue;
    }

    public IOutgoingRequest CreateOutgoingRequest(IFields headers) => new OutgoingRequest((Fields)headers);

    public IRequestOptions CreateRequestOptions() => new RequestOptions();

    public void ResponseOutparamSet(IResponseOutparam param, Result<IOutgoingResponse, ErrorCode> response) => ((ResponseOutparam)param).Set(response);

    public IFutureTrailers IncomingBodyFinish(IIncomingBody @this) => ((IncomingBody)@this).Finish();

    public IOutgoingResponse CreateOutgoingResponse(IFields headers) => new OutgoingResponse((Fields)headers);

    public Result<Unit, ErrorCode> OutgoingBodyFinish(IOutgoingBody @this, IFields? trailers) => ((OutgoingBody)@this).Finish((Fields?)trailers);
}
