using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using HipaaTemplate.Platform.Protection.Search;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// One value of a patient's data on an entity. It is sealed when it is saved and opened by
/// <see cref="Reveal"/>, which is the only way to its plaintext; everything else about it fails closed:
/// it cannot be serialized, compared in a query, logged, or read out of a projection.
/// </summary>
/// <typeparam name="T">string, DateOnly, DateTimeOffset, byte[] or an enum.</typeparam>
[JsonConverter(typeof(PhiJsonRefusal))]
internal sealed class Phi<T> : IPhi
    where T : notnull
{
    private readonly bool isPlain;
    private readonly T? plain;
    private readonly byte[]? envelope;
    private PhiRow? row;
    private PhiColumn? column;

    private Phi(T plain)
    {
        isPlain = true;
        this.plain = plain;
    }

    private Phi(T plain, byte[] envelope, PhiRow row, PhiColumn column)
        : this(plain)
    {
        this.envelope = envelope;
        this.row = row;
        this.column = column;
    }

    private Phi(byte[] envelope) => this.envelope = envelope;

    byte[]? IPhi.Envelope => envelope;

    PhiRow? IPhi.Row => row;

    /// <summary>A value that was not stored yet. Null stays null and is stored as NULL; an empty text is sealed.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static implicit operator Phi<T>?(T? value) => value is null ? null : new Phi<T>(value);

    /// <summary>The plaintext. The row counts as read, for the audit trail.</summary>
    /// <exception cref="PhiAuthenticationException">What is stored is not what was sealed there.</exception>
    /// <exception cref="PhiErasedException">Its key is destroyed.</exception>
    /// <exception cref="KeysUnavailableException">The tenant's keys cannot be had.</exception>
    /// <exception cref="InvalidOperationException">It came out of a projection, so nothing says which row it is of.</exception>
    public T Reveal()
    {
        var value = Open();
        row?.MarkRevealed();
        return value;
    }

    /// <summary>Never the value.</summary>
    public override string ToString() => "***";

    /// <summary>What a query brought, before the row is known.</summary>
    internal static Phi<T> FromEnvelope(byte[] envelope) => new(envelope);

    void IPhi.Bind(PhiRow boundRow, PhiColumn boundColumn)
    {
        row = boundRow;
        column = boundColumn;
    }

    IPhi IPhi.SealFor(PhiRow newRow, PhiColumn newColumn)
    {
        var value = Open();
        return new Phi<T>(value, PhiEncoding<T>.Seal(value, newRow, newColumn), newRow, newColumn);
    }

    bool IPhi.HasSameValue(IPhi other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        return other is Phi<T> phi
            && (!isPlain && row is null || !phi.isPlain && phi.row is null
                ? envelope.AsSpan().SequenceEqual(phi.envelope) && envelope is not null
                : PhiEncoding<T>.AreEqual(Open(), phi.Open()));
    }

    void IPhi.Verify() => Open();

    string IPhi.Normalised(Normaliser normaliser) => normaliser.Apply(PhiEncoding<T>.ToText(Open()));

    private T Open() => isPlain ? plain!
        : row is null ? throw new InvalidOperationException("A sealed value that came without its row cannot be opened: load the entity.")
        : PhiEncoding<T>.Open(envelope!, row, column!);
}

/// <summary>What the interceptors do with a <see cref="Phi{T}"/> whatever its type. Nothing of it gives plaintext away.</summary>
internal interface IPhi
{
    /// <summary>Null until it is sealed.</summary>
    byte[]? Envelope { get; }

    /// <summary>The row it is bound to.</summary>
    PhiRow? Row { get; }

    void Bind(PhiRow row, PhiColumn column);

    /// <summary>The same value, sealed for this cell under the row's key of now.</summary>
    IPhi SealFor(PhiRow row, PhiColumn column);

    /// <summary>By plaintext where both can be opened, else by ciphertext.</summary>
    bool HasSameValue(IPhi other);

    /// <summary>Opens it for nobody: what was changed must not be written over before that is noticed.</summary>
    void Verify();

    /// <summary>For a blind index.</summary>
    string Normalised(Normaliser normaliser);
}

/// <summary>A response holds what a handler revealed, never the sealed value itself.</summary>
internal sealed class PhiJsonRefusal : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Phi<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Phi<T> is not for JSON: put what Reveal() gives into a response of its own.");
}
